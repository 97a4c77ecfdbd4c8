import type { Command } from 'commander';
import { ANY_ORIGIN } from '../shared/store/clients/client.ts';
import type { ClientDescription } from '../shared/store/clients/describe-client.ts';
import { toStoredHealth } from '../shared/store/endpoints/endpoint-health.ts';
import { type EndpointState, listEndpoints } from '../shared/store/endpoints/list-endpoints.ts';
import type { ReportPassedBy } from '../shared/store/redis/pass-by.ts';
import { CommandFailure } from './command-failure.ts';
import { type CliContext, withConnection } from './context.ts';
import { findClients } from './find-client.ts';
import { releaseEndpoint } from './release.ts';
import { reportPassedBy } from './report-passed-by.ts';
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
  endpoints
    .command('enable')
    .description('declare an endpoint healthy; the events that wait for it are sent in their order')
    .argument('<endpoint...>', 'client and origin, as endpoints list prints them')
    .action((endpoint: string[]) => enable(context, endpoint.join(' ')));
}

async function list(context: CliContext): Promise<void> {
  const states = await withConnection(context, async (connection) => {
    const { redis, keys } = connection;
    const report = reportPassedBy(context.terminal);
    const clients = await findClients(connection, context.now(), report);
    return listEndpoints(
      redis,
      keys,
      clients.flatMap((client) => endpointsOf(client, report)),
    );
  });
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

function endpointsOf(
  { id, callbackUrl, allowedOrigins }: ClientDescription,
  report: ReportPassedBy,
): readonly string[] {
  const isUrl = callbackUrl !== null && URL.canParse(callbackUrl);
  if (callbackUrl !== null && !isUrl) report(id, 'its callback is no URL');
  const origins = [
    ...(isUrl ? [new URL(callbackUrl).origin] : []),
    ...allowedOrigins.filter((origin) => origin !== ANY_ORIGIN),
  ];
  return origins.map((origin) => `${id} ${origin}`);
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

async function enable(context: CliContext, endpoint: string): Promise<void> {
  if (!ENDPOINT.test(endpoint)) {
    throw new CommandFailure('Cannot enable the endpoint: it must be a client and an origin', 2);
  }
  const { released, left } = await withConnection(context, (connection) =>
    releaseEndpoint(context, connection, endpoint),
  );
  context.terminal.show(
    { endpoint, released, left },
    `${endpoint} is enabled: ${released} events are on their way${left > 0 ? `, ${left} still wait` : ''}.`,
  );
  if (context.interrupted.aborted) throw new CommandFailure('Interrupted: run it again to release the rest');
}
