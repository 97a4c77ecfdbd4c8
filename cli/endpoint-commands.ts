import type { Command } from 'commander';
import { plural } from '../shared/contract/plural.ts';
import { toStoredHealth } from '../shared/store/endpoints/endpoint-health.ts';
import type { EndpointState } from '../shared/store/endpoints/list-endpoints.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { withOperations } from './operations/with-operations.ts';
import { formatTime } from './terminal.ts';

/** `veriqueue endpoints …`: where events go, and whether they get there. */
export function addEndpointCommands(program: Command, context: CliContext): void {
  const endpoints = program
    .command('endpoints')
    .description('where events go: one origin of one client each');
  endpoints
    .command('list')
    .description('health of each endpoint, and how many events wait for it')
    .action(() => list(context));
  addConfirmOptions(
    endpoints
      .command('hold')
      .description('send nothing there until it is enabled; its events wait and use up no attempt')
      .argument('<endpoint...>', 'client and origin, as endpoints list prints them'),
  ).action((endpoint: string[], options: ConfirmOptions) => hold(context, endpoint.join(' '), options));
  endpoints
    .command('enable')
    .description('declare an endpoint healthy; the events that wait for it are sent in their order')
    .argument('<endpoint...>', 'client and origin, as endpoints list prints them')
    .action((endpoint: string[]) => enable(context, endpoint.join(' ')));
}

async function list(context: CliContext): Promise<void> {
  const states = await withOperations(context, (operations) => operations.listEndpoints());
  const rows = states.map(({ clientId, origin, health, waiting, withdrawn }) => [
    clientId,
    origin,
    withdrawn ? 'held (origin not allowed)' : describeHealth(health),
    String(waiting),
  ]);
  context.terminal.show(
    states.map((state) => ({ ...state, health: toStoredHealth(state.health) })),
    context.terminal.table(['CLIENT', 'ORIGIN', 'HEALTH', 'WAITING'], rows, 'No endpoints.'),
  );
}

function describeHealth(health: EndpointState['health']): string {
  switch (health.status) {
    case 'healthy':
      return 'healthy';
    case 'failing':
      return `failing since ${formatTime(health.failingSince)}`;
    case 'disabled':
      return `held (${health.reason.replaceAll('_', ' ')}) since ${formatTime(health.disabledAt)}`;
    default:
      return health satisfies never;
  }
}

const ENDPOINT = /^\S+ (none|https?:\/\/\S+)$/;
const NO_URL = / none$/;

async function hold(context: CliContext, endpoint: string, options: ConfirmOptions): Promise<void> {
  assertEndpoint(endpoint, 'hold');
  if (NO_URL.test(endpoint)) {
    throw new CommandFailure(
      'Cannot hold the endpoint: events without an address wait as it is',
      EXIT.calledWrongly,
    );
  }
  await withOperations(context, async (operations) => {
    const what = `hold ${endpoint}${operations.at}`;
    if (!(await isConfirmed(context, what, options))) return;
    const status = await operations.holdEndpoint(endpoint);
    context.terminal.show(
      { endpoint, status },
      status === 'held'
        ? `${endpoint} is held: its events wait. veriqueue endpoints enable sends them.`
        : `${endpoint} was held already.`,
    );
  });
}

async function enable(context: CliContext, endpoint: string): Promise<void> {
  assertEndpoint(endpoint, 'enable');
  const release = await withOperations(context, (operations) => operations.enableEndpoint(endpoint));
  if (release.status === 'releasing') {
    const { status, already } = release;
    context.terminal.show(
      { endpoint, status: already ? 'already_releasing' : status },
      `${endpoint} is enabled: the producer ${already ? 'was' : 'is'} sending what waits. veriqueue endpoints list counts the rest.`,
    );
    return;
  }
  const { released, left } = release;
  context.terminal.show(
    { endpoint, released, left },
    `${endpoint} is enabled: ${plural(released, 'event is on its way', 'events are on their way')}${left > 0 ? `, ${plural(left, 'still waits', 'still wait')}` : ''}.`,
  );
  if (context.interrupted.aborted) throw new CommandFailure('Interrupted: run it again to release the rest');
}

/** @throws {CommandFailure} */
function assertEndpoint(endpoint: string, verb: string): void {
  if (ENDPOINT.test(endpoint)) return;
  throw new CommandFailure(
    `Cannot ${verb} the endpoint: it must be a client and an origin`,
    EXIT.calledWrongly,
  );
}
