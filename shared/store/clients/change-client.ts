import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

/** What is given is changed; a callback URL of null is taken away. */
export interface ClientChange {
  readonly name?: string;
  readonly callbackUrl?: string | null;
  readonly allowedOrigins?: readonly string[];
  readonly disabled?: boolean;
  readonly weight?: number;
}

const changeClientScript = loadScript(new URL('../scripts/change-client.lua', import.meta.url));

/** @returns `missing` when there is no such client: a change never makes half of one */
export async function changeClient(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  { name, callbackUrl, allowedOrigins, disabled, weight }: ClientChange,
): Promise<'changed' | 'missing'> {
  const fields = {
    name,
    callbackUrl: callbackUrl === null ? '' : callbackUrl,
    allowedOrigins: allowedOrigins && JSON.stringify(allowedOrigins),
    disabled: disabled === undefined ? undefined : disabled ? '1' : '',
    weight: weight === undefined ? undefined : String(weight),
  };
  const given = Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [field, value],
  );
  return (await changeClientScript(redis, [keys.client(clientId)], given)) === 1 ? 'changed' : 'missing';
}
