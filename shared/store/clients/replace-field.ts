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

/**
 * Each try that comes to nothing means that another change was made. A client makes 60 of them at once by its own key
 * (`limitChanges`), and operators a few: all of them find their turn.
 */
export const CHANGE_TRIES = 100;

/** Every client has the other fields from the beginning. */
const MAY_BE_ABSENT: readonly string[] = ['scopedKeys', 'receiverAuth'];

export interface ReplacedField {
  readonly clientId: string;
  readonly field: ApiKeyField | 'webhookSecrets' | 'receiverAuth';
  readonly beside?: ApiKeyField | 'endpoints';
}

/**
 * Changes one field of a client that is a list in JSON. Two operators may do so at once: the change is computed again
 * from what the other one wrote, and nothing is lost.
 *
 * @param beside a field that the change depends on too: it is as `compute` was given it when the change is made
 * @param compute is given the present texts of both, empty where the client has no such field; null leaves it as it is
 * @returns `missing` when there is no such client
 * @throws what `compute` throws
 */
export async function replaceField(
  redis: Redis,
  keys: StoreKeys,
  { clientId, field, beside }: ReplacedField,
  compute: (present: string, beside: string) => FieldReplacement | null,
): Promise<'replaced' | 'unchanged' | 'missing'> {
  for (let tries = 0; tries < CHANGE_TRIES; tries += 1) {
    const names = ['id', field, ...(beside === undefined ? [] : [beside])];
    const [id = null, found = null, other = null] = await redis.hmget(keys.client(clientId), ...names);
    if (found === null && (id === null || !MAY_BE_ABSENT.includes(field))) return 'missing';
    const present = found ?? '';
    const replacement = compute(present, other ?? '');
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
        beside ?? '',
        other ?? '',
      ],
    );
    if (done === 1) return 'replaced';
  }
  throw new Error(`The ${field} of ${clientId} is being changed by others. Try again`);
}
