import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import type { ApiKeyField } from './api-key-record.ts';

const replaceFieldScript = loadScript(new URL('../scripts/replace-client-field.lua', import.meta.url));

export interface FieldReplacement {
  readonly value: string;
  /** Hashes of API keys that enter or leave the index in the same step. */
  readonly addedHash?: string;
  readonly removedHash?: string;
}

const TRIES = 20;

/** Every client has the other fields from the beginning. */
const MAY_BE_ABSENT: readonly string[] = ['scopedKeys', 'receiverAuth'];

/**
 * Changes one field of a client that is a list in JSON. Two operators may do so at once: the change is computed again
 * from what the other one wrote, and nothing is lost.
 *
 * @param compute is given the present text, empty where the client has no such field; null leaves it as it is
 * @returns `missing` when there is no such client
 * @throws what `compute` throws
 */
export async function replaceField(
  redis: Redis,
  keys: StoreKeys,
  {
    clientId,
    field,
  }: { readonly clientId: string; readonly field: ApiKeyField | 'webhookSecrets' | 'receiverAuth' },
  compute: (present: string) => FieldReplacement | null,
): Promise<'replaced' | 'unchanged' | 'missing'> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const [id = null, found = null] = await redis.hmget(keys.client(clientId), 'id', field);
    if (found === null && (id === null || !MAY_BE_ABSENT.includes(field))) return 'missing';
    const present = found ?? '';
    const replacement = compute(present);
    if (replacement === null) return 'unchanged';
    const done = await replaceFieldScript(
      redis,
      [keys.client(clientId), keys.apiKeys(), keys.apiKeyUses()],
      [
        clientId,
        field,
        present,
        replacement.value,
        replacement.addedHash ?? '',
        replacement.removedHash ?? '',
      ],
    );
    if (done === 1) return 'replaced';
  }
  throw new Error(`The ${field} of ${clientId} is being changed by others. Try again`);
}
