import { signal } from '@preact/signals';
import type { ConsoleClient } from '../shared/contract/console.ts';
import { call } from './api.tsx';

/** The clients of the deployment, for their names; null until they have been read. */
export const clients = signal<readonly ConsoleClient[] | null>(null);

interface ClientList {
  readonly data: readonly ConsoleClient[];
  readonly total: number;
}

/** @returns why they cannot be read, or null */
export async function readClients(): Promise<string | null> {
  const answer = await call<ClientList>('GET', '/clients');
  if (!answer.ok) return answer.reason;
  clients.value = answer.value.data;
  return null;
}

/** What operators call a client; its id while that is not known. */
export function nameOfClient(id: string): string {
  return clients.value?.find((client) => client.id === id)?.name ?? id;
}
