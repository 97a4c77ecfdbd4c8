import {
  type ClientDescription,
  describeClient,
  describeTestKeys,
  listClientIds,
} from '../shared/store/clients/describe-client.ts';
import { passBy, type ReportPassedBy } from '../shared/store/redis/pass-by.ts';
import { CommandFailure } from './command-failure.ts';
import type { Connection } from './connection.ts';

/** @throws {CommandFailure} when there is no such client, or it cannot be read */
export async function findClient(
  { redis, keys, testKeys }: Connection,
  clientId: string,
  now: number,
): Promise<ClientDescription> {
  const describing = await describeClient(redis, keys, clientId, now);
  switch (describing.status) {
    case 'found': {
      const tests = await describeTestKeys(redis, testKeys, clientId);
      return { ...describing.client, apiKeys: [...describing.client.apiKeys, ...tests] };
    }
    case 'missing':
      throw unknownClient(clientId);
    case 'unreadable':
      throw new CommandFailure(
        `Client ${clientId} has damaged fields in Redis: ${describing.fields.join(', ')}`,
      );
    default:
      return describing satisfies never;
  }
}

/** Every client, oldest first; those that cannot be read are reported and left out. */
export async function findClients(
  { redis, keys }: Connection,
  now: number,
  report: ReportPassedBy,
): Promise<ClientDescription[]> {
  const ids = await listClientIds(redis, keys);
  const found = await Promise.all(
    ids.map(async (id) => {
      const describing = await passBy(id, report, () => describeClient(redis, keys, id, now));
      if (describing?.status === 'found') return [describing.client];
      if (describing?.status === 'missing') report(id, 'an API key names it, and there is no such client');
      if (describing?.status === 'unreadable')
        report(id, `these fields are damaged: ${describing.fields.join(', ') || 'all'}`);
      return [];
    }),
  );
  return found.flat();
}

export function unknownClient(clientId: string): CommandFailure {
  return new CommandFailure(`No client ${clientId}. List them: veriqueue client list`);
}
