import { readArrivals } from '../../shared/account/account-readings.ts';
import { speedOf } from '../../shared/account/lane-overview.ts';
import type { ConsoleEndpoint, ConsoleOutcome, ConsoleSnapshot } from '../../shared/contract/console.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { describeOutcomeZh } from '../../shared/outcomes/describe-outcome-zh.ts';
import { isKnownCode, resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { type EndpointState, listTroubledEndpoints } from '../../shared/store/endpoints/list-endpoints.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { listBudgetLevels, type NotedLevel } from '../../shared/store/usage/budget-levels.ts';
import { ledgerDay } from '../../shared/store/usage/ledger.ts';
import { readUsage } from '../../shared/store/usage/usage.ts';
import type { LaneView } from '../lane-view.ts';
import { listRecent } from './find-verifications.ts';

export interface SnapshotDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  readonly report: ReportPassedBy;
  /** ms epoch */
  readonly now: () => number;
}

const ARRIVAL_SECONDS = 600;
const RECENT = 25;
const MAX_ENDPOINTS = 100;
const MAX_BUDGETS = 100;

/** All that the first page shows. Its cost does not grow with the verifications stored: about a hundred commands. */
export async function readSnapshot(deps: SnapshotDeps): Promise<ConsoleSnapshot> {
  const { redis, keys, now } = deps;
  const day = ledgerDay(now());
  const [lane, arrivals, usage, deliveries, recent, levels] = await Promise.all([
    deps.lane.read(),
    readArrivals(redis, keys, ARRIVAL_SECONDS),
    readUsage(redis, keys, { from: day, to: day }, deps.report),
    readDeliveries(redis, keys),
    listRecent(deps, { limit: RECENT, after: undefined }),
    listBudgetLevels(redis, keys, now()),
  ]);
  return {
    lane,
    reasonText: describeReason(lane.reason, (code) => resolveOutcome(code).description),
    reasonTextZh: describeReason(lane.reason, describeOutcomeZh),
    emptyInSeconds: computeEmptyInSeconds(lane),
    arrivals: { granted: [...arrivals.granted], refused: [...arrivals.refused] },
    today: { day, outcomes: sumByCode(usage.data) },
    budgets: presentBudgets(levels),
    deliveries,
    recent,
  };
}

function presentBudgets(levels: readonly NotedLevel[]): ConsoleSnapshot['budgets'] {
  return levels
    .toSorted((a, b) => b.level - a.level || (a.clientId < b.clientId ? -1 : 1))
    .slice(0, MAX_BUDGETS)
    .map(({ clientId, period, level }) => ({ clientId, period, spent: level }));
}

/** A pause has an operator's words for a reason, and a slow phase may have the lane's own. */
function describeReason(reason: string | null, describe: (code: string) => string): string | null {
  return reason !== null && isKnownCode(reason) ? describe(reason) : null;
}

/** What waits for a later attempt is counted as if it were due: it makes the estimate a little long, never short. */
export function computeEmptyInSeconds(lane: LaneOverview): number | null {
  const { moving, perSecond } = speedOf(lane);
  if (lane.backlog.total === 0) return 0;
  return moving && perSecond > 0 ? Math.ceil(lane.backlog.total / perSecond) : null;
}

/** Over all clients, the most frequent first. */
export function sumByCode(rows: UsageReport['data']): ConsoleOutcome[] {
  const byCode = new Map<string, ConsoleOutcome>();
  for (const { code, billed, unbilled, unknown } of rows) {
    const sum = byCode.get(code) ?? {
      code,
      verdict: resolveOutcome(code).verdict,
      billed: 0,
      unbilled: 0,
      unknown: 0,
    };
    byCode.set(code, {
      ...sum,
      billed: sum.billed + billed,
      unbilled: sum.unbilled + unbilled,
      unknown: sum.unknown + unknown,
    });
  }
  const calls = (each: ConsoleOutcome) => each.billed + each.unbilled + each.unknown;
  return [...byCode.values()].sort((a, b) => calls(b) - calls(a) || (a.code < b.code ? -1 : 1));
}

async function readDeliveries(redis: Redis, keys: StoreKeys): Promise<ConsoleSnapshot['deliveries']> {
  const key = (name: string) => keys.jobKey(keys.deliveryQueue, name);
  const [prioritized, wait, active, retrying, deadLetters, { endpoints, total }] = await Promise.all([
    redis.zcard(key('prioritized')),
    redis.llen(key('wait')),
    redis.llen(key('active')),
    redis.zcard(key('delayed')),
    redis.zcard(keys.deadLetters()),
    listTroubledEndpoints(redis, keys, MAX_ENDPOINTS),
  ]);
  const data = endpoints.map(presentEndpoint);
  return { waiting: prioritized + wait, active, retrying, deadLetters, endpoints: { data, total } };
}

export function presentEndpoint({
  clientId,
  origin,
  health,
  waiting,
  withdrawn,
}: EndpointState): ConsoleEndpoint {
  const shared = { clientId, origin, waiting };
  if (origin === 'none') return { ...shared, status: 'no_callback', reason: null, since: null };
  if (withdrawn) return { ...shared, status: 'held', reason: 'origin_not_allowed', since: null };
  switch (health.status) {
    case 'healthy':
      return { ...shared, status: 'healthy', reason: null, since: null };
    case 'failing':
      return {
        ...shared,
        status: 'failing',
        reason: null,
        since: new Date(health.failingSince).toISOString(),
      };
    case 'disabled':
      return {
        ...shared,
        status: 'held',
        reason: health.reason,
        since: new Date(health.disabledAt).toISOString(),
      };
    default:
      return health satisfies never;
  }
}
