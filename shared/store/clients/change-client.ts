import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

/** What is given is changed; a callback URL of null is taken away. */
export interface ClientChange {
  readonly name?: string;
  readonly callbackUrl?: string | null;
  readonly allowedOrigins?: readonly string[];
  readonly disabled?: boolean;
}

const changeClientScript = loadScript(new URL('../scripts/change-client.lua', import.meta.url));

/** @returns `missing` when there is no such client: a change never makes half of one */
export async function changeClient(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  { name, callbackUrl, allowedOrigins, disabled }: ClientChange,
): Promise<'changed' | 'missing'> {
  const fields = {
    name,
    callbackUrl: callbackUrl === null ? '' : callbackUrl,
    allowedOrigins: allowedOrigins && JSON.stringify(allowedOrigins),
    disabled: disabled === undefined ? undefined : disabled ? '1' : '',
  };
  const given = Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [field, value],
  );
  return (await changeClientScript(redis, [keys.client(clientId)], given)) === 1 ? 'changed' : 'missing';
}
