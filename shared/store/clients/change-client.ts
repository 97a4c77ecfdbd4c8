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
  /** Whether the client may change what belongs to it by its own keys. */
  readonly selfService?: boolean;
  readonly maxApiKeys?: number | null;
  readonly maxEndpoints?: number | null;
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
  // Whatever its client had chosen: this one is the operator's.
  const callbackBy = change.callbackUrl === undefined ? undefined : '';
  const given = Object.entries({ ...storeChange(change), callbackBy }).flatMap(([field, value]) =>
    value === undefined ? [] : [field, value],
  );
  const reply = await changeClientScript(
    redis,
    [keys.client(clientId), keys.budgetedClients(), keys.budgetLevels()],
    [clientId, '*', ...given],
  );
  if (reply !== 1) return 'missing';
  if (change.weight !== undefined) await weighClient({ redis, keys }, clientId);
  await noteClientWeight(redis, keys, clientId);
  return 'changed';
}

/**
 * Gives a client the callback URL that it chose itself.
 *
 * @param url null takes it away
 * @param present the one that stands, by which it was decided that the client may have this one
 * @param mustBeRegistered whether its origin must go on being registered; false for an address of the operator's choice
 * @returns `stale` when another one stands by now: decide again
 */
export async function chooseCallback(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  {
    url,
    present,
    mustBeRegistered,
  }: { readonly url: string | null; readonly present: string | null; readonly mustBeRegistered: boolean },
): Promise<'changed' | 'missing' | 'stale'> {
  const callbackBy = url !== null && mustBeRegistered ? 'client' : '';
  const reply = await changeClientScript(
    redis,
    [keys.client(clientId), keys.budgetedClients(), keys.budgetLevels()],
    [clientId, present ?? '', 'callbackUrl', url ?? '', 'callbackBy', callbackBy],
  );
  if (reply === -1) return 'stale';
  return reply === 1 ? 'changed' : 'missing';
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
    selfService: change.selfService === undefined ? undefined : change.selfService ? '' : 'off',
    maxApiKeys: textOf(change.maxApiKeys),
    maxEndpoints: textOf(change.maxEndpoints),
  };
}

function textOf(value: string | number | null | undefined): string | undefined {
  return value === undefined ? undefined : String(value ?? '');
}
