import type { FieldError } from '../../shared/contract/problem.ts';
import { isTestKey } from '../../shared/sealing/api-key.ts';
import type { ApiKeyGrant } from '../../shared/store/clients/api-key-record.ts';
import { addApiKey, revokeApiKey } from '../../shared/store/clients/api-keys.ts';
import { readGrant } from '../../shared/store/clients/read-grant.ts';
import { addTestKey, type MadeTestKey } from '../../shared/store/clients/test-client.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Connection } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { unknownClient } from '../find-client.ts';
import type { ClientOperations } from './client-operations.ts';

const revocationProblems = {
  unknown_key: 'no key of this client begins so',
  ambiguous: 'several keys of this client begin so; give more characters',
  last_manage_key: 'it is the last one that may manage',
  last_key: 'a client keeps its last key; rotate it first, or disable the client',
} as const;

/** Of {@link ClientOperations}, what is done with API keys, live ones and test keys. */
export function redisKeyOperations(
  context: CliContext,
  connection: Connection,
): Pick<ClientOperations, 'addKey' | 'revokeKey'> {
  const { redis, keys } = connection;
  const { now } = context;
  return {
    addKey: async (clientId, wanted) => {
      const reading = readGrant(wanted, now());
      if (!reading.ok) throw new CommandFailure(describeErrors(reading.errors));
      const { grant } = reading;
      if (wanted.test) return addTest(context, connection, clientId, grant);
      const apiKey = await addApiKey({ redis, keys, clientId }, { now: now(), grant });
      if (apiKey === null) throw unknownClient(clientId);
      return { apiKey, webhookSecret: null };
    },
    revokeKey: async (clientId, prefix) => {
      const lane = isTestKey(prefix) ? requireTestKeys(connection) : keys;
      const revocation = await revokeApiKey({ redis, keys: lane, clientId }, prefix);
      if (revocation.status === 'revoked') return revocation.prefix;
      if (revocation.status === 'missing') throw unknownClient(clientId);
      throw new CommandFailure(`The key is not revoked: ${revocationProblems[revocation.status]}`);
    },
  };
}

function describeErrors(errors: readonly FieldError[]): string {
  const mistakes = errors.map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`);
  return `The key is not made: ${mistakes.join('; ')}`;
}

async function addTest(
  context: CliContext,
  connection: Connection,
  clientId: string,
  grant: ApiKeyGrant,
): Promise<MadeTestKey> {
  const testKeys = requireTestKeys(connection);
  const keyRing = await context.readKeyRing();
  const made = await addTestKey({ ...connection, testKeys, keyRing }, clientId, {
    now: context.now(),
    grant,
  });
  if (made === null) throw unknownClient(clientId);
  return made;
}

function requireTestKeys({ testKeys }: Connection): StoreKeys {
  if (testKeys !== null) return testKeys;
  throw new CommandFailure('TEST_LANE is not set. Set it as the producers have it');
}
