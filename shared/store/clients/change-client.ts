import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { weighClient } from '../shares/weigh-clients.ts';
import type { Budget } from './client-limits.ts';
import { noteClientWeight } from './weight-sum.ts';

/** What is given is changed; what is null is taken away. */
export interface ClientChange {
  readonly name?: string;
  readonly callbackUrl?: string | null;
  readonly allowedOrigins?: readonly string[];
  readonly disabled?: boolean;
  readonly weight?: number;
  readonly maxWaiting?: number | null;
  /** Calls that may be billed in a day and in a month; kept where it is not given. */
  readonly budgetDay?: number | null;
  readonly budgetMonth?: number | null;
  readonly budgetMode?: Budget['mode'];
}

const changeClientScript = loadScript(new URL('../scripts/change-client.lua', import.meta.url));

/**
 * Changes settings of a client. Limits hold from the next submission on; a weight holds for what waits already too.
 *
 * @returns `missing` when there is no such client: a change never makes half of one
 */
export async function changeClient(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  change: ClientChange,
): Promise<'changed' | 'missing'> {
  const given = Object.entries(storeChange(change)).flatMap(([field, value]) =>
    value === undefined ? [] : [field, value],
  );
  const reply = await changeClientScript(
    redis,
    [keys.client(clientId), keys.budgetedClients(), keys.budgetLevels()],
    [clientId, ...given],
  );
  if (reply !== 1) return 'missing';
  if (change.weight !== undefined) await weighClient({ redis, keys }, clientId);
  await noteClientWeight(redis, keys, clientId);
  return 'changed';
}

/** The fields as they are stored; an empty text takes one away. */
function storeChange(change: ClientChange): Readonly<Record<keyof ClientChange, string | undefined>> {
  const { allowedOrigins, disabled } = change;
  return {
    name: change.name,
    callbackUrl: textOf(change.callbackUrl),
    allowedOrigins: allowedOrigins && JSON.stringify(allowedOrigins),
    disabled: disabled === undefined ? undefined : disabled ? '1' : '',
    weight: textOf(change.weight),
    maxWaiting: textOf(change.maxWaiting),
    budgetDay: textOf(change.budgetDay),
    budgetMonth: textOf(change.budgetMonth),
    budgetMode: change.budgetMode,
  };
}

function textOf(value: string | number | null | undefined): string | undefined {
  return value === undefined ? undefined : String(value ?? '');
}
