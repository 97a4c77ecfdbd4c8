import { type ClientDescription, describeClient } from '../shared/store/clients/describe-client.ts';
import { CommandFailure } from './command-failure.ts';
import type { Connection } from './connection.ts';

/** @throws {CommandFailure} when there is no such client, or it cannot be read */
export async function findClient(
  { redis, keys }: Connection,
  clientId: string,
  now: number,
): Promise<ClientDescription> {
  const describing = await describeClient(redis, keys, clientId, now);
  switch (describing.status) {
    case 'found':
      return describing.client;
    case 'missing':
      throw unknownClient(clientId);
    case 'unreadable':
      throw new CommandFailure(
        `Cannot read client ${clientId}: these fields are damaged: ${describing.fields.join(', ')}`,
      );
    default:
      return describing satisfies never;
  }
}

export function unknownClient(clientId: string): CommandFailure {
  return new CommandFailure(`Cannot find client ${clientId}: see veriqueue client list`);
}
