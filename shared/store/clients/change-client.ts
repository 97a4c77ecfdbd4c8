import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

/** What is given is changed; what is null is taken away. */
export interface ClientChange {
  readonly name?: string;
  readonly callbackUrl?: string | null;
  readonly allowedOrigins?: readonly string[];
  readonly disabled?: boolean;
  readonly weight?: number;
  readonly maxWaiting?: number | null;
}

const changeClientScript = loadScript(new URL('../scripts/change-client.lua', import.meta.url));

/** @returns `missing` when there is no such client: a change never makes half of one */
export async function changeClient(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  { name, callbackUrl, allowedOrigins, disabled, weight, maxWaiting }: ClientChange,
): Promise<'changed' | 'missing'> {
  const fields = {
    name,
    callbackUrl: callbackUrl === null ? '' : callbackUrl,
    allowedOrigins: allowedOrigins && JSON.stringify(allowedOrigins),
    disabled: disabled === undefined ? undefined : disabled ? '1' : '',
    weight: weight === undefined ? undefined : String(weight),
    maxWaiting: maxWaiting === undefined ? undefined : String(maxWaiting ?? ''),
  };
  const given = Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [field, value],
  );
  return (await changeClientScript(redis, [keys.client(clientId)], given)) === 1 ? 'changed' : 'missing';
}
