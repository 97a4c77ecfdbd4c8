import { describeOperators } from '../../shared/store/operators/operator-use.ts';
import { addOperator, revokeOperator } from '../../shared/store/operators/operators.ts';
import {
  addOperatorEndpoint,
  changeOperatorEndpoint,
  hasOperatorEndpoint,
  listOperatorEndpoints,
  removeOperatorEndpoint,
  rotateOperatorEndpointSecret,
} from '../../shared/store/push/operator-endpoints.ts';
import { OPERATORS } from '../../shared/store/push/push-endpoint.ts';
import { describeTest, requestTestEvent } from '../../shared/store/push/test-event.ts';
import { isKnownSequence } from '../../shared/store/verifications/read-feed.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Connection } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { noteCommand } from './audited-operations.ts';
import type { OperatorOperations } from './operator-operations.ts';

/** On Redis directly: it makes the first key, and takes one away while no producer runs. */
export function redisOperatorOperations(context: CliContext, connection: Connection): OperatorOperations {
  const { redis, keys } = connection;
  const { now } = context;
  const note: Note = (action, target, result) => noteCommand(connection, { action, target, result });
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
    ...endpointOperations(context, connection, note),
    revoke: async (name, { evenLast }) => {
      const revocation = await revokeOperator(redis, keys, { name, evenLast });
      if (revocation === 'revoked') await note('revoke_operator', name, 'revoked');
      return revocation;
    },
  };
}

type Note = (action: string, target: string, result: string) => Promise<void>;

type EndpointOperations = Pick<
  OperatorOperations,
  | 'listEndpoints'
  | 'addEndpoint'
  | 'changeEndpoint'
  | 'rotateEndpointSecret'
  | 'testEndpoint'
  | 'removeEndpoint'
>;

const noEndpoint = (id: string) => new CommandFailure(`Operators have no endpoint ${id}`);

/** @throws {CommandFailure} as the API refuses it */
async function assertKnown({ redis, keys }: Connection, after: number | undefined): Promise<void> {
  if (after === undefined || (await isKnownSequence(redis, keys, { clientId: OPERATORS, after }))) return;
  throw new CommandFailure(`No event of the operators has the number ${after} yet`);
}

function endpointOperations(
  { now, readKeyRing }: CliContext,
  connection: Connection,
  note: Note,
): EndpointOperations {
  const { redis, keys } = connection;
  const openStore = async () => ({ redis, keys, keyRing: await readKeyRing() });
  return {
    listEndpoints: () => listOperatorEndpoints(connection),
    addEndpoint: async (settings) => {
      await assertKnown(connection, settings.after);
      const addition = await addOperatorEndpoint(await openStore(), { ...settings, now: now() });
      if (addition.status !== 'added') {
        throw new CommandFailure('No more endpoints can be added. Remove one first');
      }
      const { endpoint, secret } = addition;
      await note('add_operator_endpoint', endpoint.id, 'added');
      return { id: endpoint.id, url: endpoint.url, secret };
    },
    changeEndpoint: async (id, change) => {
      await assertKnown(connection, change.after);
      const changed = await changeOperatorEndpoint(connection, id, change);
      if (changed === null) throw noEndpoint(id);
      await note('change_operator_endpoint', id, 'changed');
      return changed;
    },
    rotateEndpointSecret: async (id, overlapSeconds) => {
      const overlapMs = overlapSeconds === undefined ? DAY_MS : overlapSeconds * 1_000;
      const rotated = await rotateOperatorEndpointSecret(await openStore(), id, { overlapMs, now: now() });
      if (rotated === null) throw noEndpoint(id);
      await note('rotate_operator_endpoint_secret', id, 'rotated');
      const { secret, previousSignsUntil } = rotated;
      return { secret, previousSignsUntil: new Date(previousSignsUntil).toISOString() };
    },
    testEndpoint: async (id) => {
      if (!(await hasOperatorEndpoint(connection, id))) throw noEndpoint(id);
      const answer = await requestTestEvent(connection, { clientId: OPERATORS, receiver: id });
      if (answer === null) {
        throw new CommandFailure('No worker has sent the test event in time. Look whether one runs');
      }
      if (answer.status === 'no_receiver') throw noEndpoint(id);
      await note('test_operator_endpoint', id, describeTest(answer.delivery));
      return answer.delivery;
    },
    removeEndpoint: async (id) => {
      if (!(await removeOperatorEndpoint(connection, id))) throw noEndpoint(id);
      await note('remove_operator_endpoint', id, 'removed');
    },
  };
}
