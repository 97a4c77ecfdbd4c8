import type { Redis } from './redis-client.ts';

const troubles = new WeakMap<object, string>();

/** Remembers why a connection is not there; null: it is. */
export function noteTrouble(client: object, reason: string | null): void {
  if (reason === null) troubles.delete(client);
  else troubles.set(client, reason);
}

/**
 * Why commands cannot be sent now, in a few words for `/readyz`: an operator raises `maxclients`, waits for a Redis that
 * loads its data, or looks for a host that is gone.
 */
export function explainAbsence(client: Redis): string {
  if (client.status === 'connect') return LOADING;
  return troubles.get(client) ?? 'unreachable';
}

/** ioredis keeps to itself that it waits, once connected. */
export const LOADING = 'LOADING Redis loads its data, or does not answer';
