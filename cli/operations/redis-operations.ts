import { readLaneOverview } from '../../shared/account/lane-overview.ts';
import { pauseAccounts, resumeAccounts } from '../../shared/account/pause-accounts.ts';
import { reportAccounts } from '../../shared/account/report-accounts.ts';
import { ANY_ORIGIN } from '../../shared/store/clients/client.ts';
import type { ClientDescription } from '../../shared/store/clients/describe-client.ts';
import { disableEndpoint } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { listEndpoints, listTroubledEndpoints } from '../../shared/store/endpoints/list-endpoints.ts';
import { redeliver } from '../../shared/store/endpoints/redeliver.ts';
import { followLogs } from '../../shared/store/logs/read-logs.ts';
import type { ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import { readOperatorUsage } from '../../shared/store/usage/account-usage.ts';
import { readClientUsage } from '../../shared/store/usage/usage.ts';
import { readChanges } from '../../shared/store/verifications/read-changes.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Connection } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { findClients } from '../find-client.ts';
import { releaseEndpoint } from '../release.ts';
import { reportPassedBy } from '../report-passed-by.ts';
import type { Operations } from './operations.ts';

/** The lane's quota is what its workers say; this process does not know better. */
const UNKNOWN_QUOTA = 0;
const MAX_TROUBLED = 100;

/** On Redis directly, so that it works while producers and workers do not. */
export function redisOperations(context: CliContext, connection: Connection): Operations {
  const { redis, keys } = connection;
  const showLane = () => readLaneOverview(redis, keys, UNKNOWN_QUOTA);
  return {
    at: '',
    readLaneName: async () => keys.lane,
    showLane,
    pauseLane: async (reason) => {
      const { status } = await pauseAccounts(redis, keys, { name: null, reason });
      return status === 'paused' ? status : 'already_paused';
    },
    resumeLane: async () => {
      const resumption = await resumeAccounts(redis, keys, null);
      return resumption.status === 'resumed' ? resumption.from : [];
    },
    listAccounts: () =>
      reportAccounts({ redis, keys, report: reportPassedBy(context.terminal), now: context.now }),
    pauseAccount: async (name, reason) => {
      const { status } = await pauseAccounts(redis, keys, { name, reason });
      if (status === 'unknown') throw new CommandFailure(`No account ${name}`);
      return status;
    },
    resumeAccount: async (name) => {
      const resumption = await resumeAccounts(redis, keys, name);
      if (resumption.status === 'unknown') throw new CommandFailure(`No account ${name}`);
      return resumption.status === 'resumed' ? resumption.from : [];
    },
    readChanges: async (cursor) => {
      const [changes, { lane, status, reason }] = await Promise.all([
        readChanges(redis, keys, cursor),
        showLane(),
      ]);
      return { ...changes, data: [...changes.data], lane: { lane, status, reason } };
    },
    readLogs: (query) => followLogs(redis, keys, query),
    readTroubles: async () => {
      const { endpoints } = await listTroubledEndpoints(redis, keys, MAX_TROUBLED);
      return { endpoints, deadLetters: await redis.zcard(keys.deadLetters()) };
    },
    readUsage: async (period, clientId) => {
      const report = reportPassedBy(context.terminal);
      return clientId === null
        ? readOperatorUsage(redis, keys, period, report)
        : {
            ...(await readClientUsage(redis, keys, { period, clientId, now: context.now(), report })),
            accounts: [],
          };
    },
    redeliver: async (id) => assertRedelivered(id, await redeliver(connection, id)),
    listEndpoints: async () => {
      const report = reportPassedBy(context.terminal);
      const clients = await findClients(connection, context.now(), report);
      const known = clients.flatMap((client) => endpointsOf(client, report));
      return listEndpoints(redis, keys, known);
    },
    holdEndpoint: async (endpoint) => {
      const disabling = await disableEndpoint(redis, keys, endpoint, context.now());
      return disabling === 'disabled' ? 'held' : 'already_held';
    },
    enableEndpoint: async (endpoint) => {
      const { released, left } = await releaseEndpoint(context, connection, endpoint);
      return { status: 'released', released, left };
    },
  };
}

/** @throws {CommandFailure} saying why not */
function assertRedelivered(id: string, redelivery: Awaited<ReturnType<typeof redeliver>>): void {
  switch (redelivery.status) {
    case 'redelivered':
      return;
    case 'not_due':
      throw new CommandFailure(`The event of ${id} is already under way (${redelivery.delivery})`);
    case 'unanswered':
      throw new CommandFailure(`${id} has no outcome yet, so it has no event`);
    case 'missing':
      throw new CommandFailure(`No verification ${id}`);
    default:
      redelivery satisfies never;
  }
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
