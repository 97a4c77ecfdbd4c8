import { readLaneOverview } from '../../shared/account/lane-overview.ts';
import { pauseAccount, resumeAccount } from '../../shared/account/limiter/pause-account.ts';
import { ANY_ORIGIN } from '../../shared/store/clients/client.ts';
import type { ClientDescription } from '../../shared/store/clients/describe-client.ts';
import { disableEndpoint } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { listEndpoints, listTroubledEndpoints } from '../../shared/store/endpoints/list-endpoints.ts';
import type { ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import { readChanges } from '../../shared/store/verifications/read-changes.ts';
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
  const { redis, keys, accountKeys } = connection;
  const showLane = () => readLaneOverview(redis, { keys, accountKeys }, UNKNOWN_QUOTA);
  return {
    at: '',
    readLaneName: async () => keys.lane,
    showLane,
    pauseLane: async (reason) => (await pauseAccount(redis, accountKeys, reason)).status,
    resumeLane: async () => {
      const resumption = await resumeAccount(redis, accountKeys);
      return resumption.status === 'resumed' ? resumption.from : [];
    },
    readChanges: async (cursor) => {
      const [changes, { lane, status, reason }] = await Promise.all([
        readChanges(redis, keys, cursor),
        showLane(),
      ]);
      return { ...changes, data: [...changes.data], lane: { lane, status, reason } };
    },
    readTroubles: async () => {
      const { endpoints } = await listTroubledEndpoints(redis, keys, MAX_TROUBLED);
      return { endpoints, deadLetters: await redis.zcard(keys.deadLetters()) };
    },
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
