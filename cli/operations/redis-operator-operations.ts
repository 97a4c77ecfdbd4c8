import { describeOperators } from '../../shared/store/operators/operator-use.ts';
import { addOperator, revokeOperator } from '../../shared/store/operators/operators.ts';
import {
  addOperatorEndpoint,
  listOperatorEndpoints,
  removeOperatorEndpoint,
} from '../../shared/store/push/operator-endpoints.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Connection } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { noteCommand } from './audited-operations.ts';
import type { OperatorOperations } from './operator-operations.ts';

/** On Redis directly: it makes the first key, and takes one away while no producer runs. */
export function redisOperatorOperations(
  { now, readKeyRing }: CliContext,
  connection: Connection,
): OperatorOperations {
  const { redis, keys } = connection;
  const note = (action: string, target: string, result: string) =>
    noteCommand(connection, { action, target, result });
  return {
    at: '',
    list: async () => {
      const { operators } = await describeOperators(redis, keys, now());
      return { operators, self: null };
    },
    add: async ({ name, readOnly }) => {
      const addition = await addOperator(redis, keys, { name, readOnly, now: now() });
      if (addition.status !== 'added') return addition;
      await note('add_operator', name, 'added');
      return { status: 'added', operatorKey: addition.key };
    },
    listEndpoints: () => listOperatorEndpoints(connection),
    addEndpoint: async (url) => {
      const store = { redis, keys, keyRing: await readKeyRing() };
      const addition = await addOperatorEndpoint(store, { url, now: now() });
      if (addition.status !== 'added') {
        throw new CommandFailure('No more endpoints can be added. Remove one first');
      }
      const { endpoint, secret } = addition;
      await note('add_operator_endpoint', endpoint.id, 'added');
      return { id: endpoint.id, url: endpoint.url, secret };
    },
    removeEndpoint: async (id) => {
      if (!(await removeOperatorEndpoint(connection, id))) {
        throw new CommandFailure(`Operators have no endpoint ${id}`);
      }
      await note('remove_operator_endpoint', id, 'removed');
    },
    revoke: async (name, { evenLast }) => {
      const revocation = await revokeOperator(redis, keys, { name, evenLast });
      if (revocation === 'revoked') await note('revoke_operator', name, 'revoked');
      return revocation;
    },
  };
}
