import type { Registry } from 'prom-client';
import type { AccountReading } from '../shared/account/account-readings.ts';
import { type LaneOverview, laneOverview } from '../shared/contract/lane.ts';
import type { Logger } from '../shared/log.ts';
import { listClientIds } from '../shared/store/clients/describe-client.ts';
import { type EndpointState, listEndpoints } from '../shared/store/endpoints/list-endpoints.ts';
import type { StoreKeys } from '../shared/store/keys.ts';
import { classifyRedisError, readOr } from '../shared/store/redis/failure.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { type PhotosToDelete, readPhotosToDelete } from '../shared/store/subjects/photo-intents.ts';
import { listBudgetLevels, type NotedLevel } from '../shared/store/usage/budget-levels.ts';
import { registerAccountGauges } from './account-gauges.ts';
import type { LaneView } from './lane-view.ts';
import { type OldestWaiting, readOldestWaiting } from './oldest-waiting.ts';
import { registerReadGauge, type Sample, shareReading } from './read-gauge.ts';

export interface LaneGaugesDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  readonly log: Logger;
  /** ms epoch */
  readonly now: () => number;
}

/** What Redis knows of the lane as a whole. */
interface LaneReading {
  readonly lane: LaneOverview;
  readonly accounts: readonly AccountReading[];
  readonly oldest: OldestWaiting;
  /** Those that are failing or held, or with events that wait. */
  readonly endpoints: readonly EndpointState[];
  readonly deadLetters: number;
  /** Of the client that has most. */
  readonly mostRecords: number;
  readonly budgetLevels: readonly NotedLevel[];
  readonly photosToDelete: PhotosToDelete;
}

/**
 * Gauges of the lane, read when scraped. Every producer shows the same numbers: they are to be joined by `max`, not summed.
 * A scrape goes on without them when Redis is away, as `veriqueue_redis_up` says: a number that is not known is absent.
 */
export function registerLaneGauges(registry: Registry, deps: LaneGaugesDeps): void {
  const read = shareReading(() => readLane(deps));
  registerLaneState(registry, read);
  registerAccountGauges(registry, read);
  registerBacklog(registry, read);
  registerDeliveryBacklog(registry, read);
  registerPhotosToDelete(registry, read, deps.now);
}

/** Null when it cannot be read now. */
type ReadLane = () => Promise<LaneReading | null>;

async function readLane({ redis, keys, lane, log, now }: LaneGaugesDeps): Promise<LaneReading | null> {
  try {
    const [
      { overview, accounts },
      oldest,
      endpoints,
      deadLetters,
      mostRecords,
      budgetLevels,
      photosToDelete,
    ] = await Promise.all([
      lane.readAll(),
      readOldestWaiting(redis, keys, now()),
      listEndpoints(redis, keys, []),
      redis.zcard(keys.deadLetters()),
      readMostRecords(redis, keys),
      listBudgetLevels(redis, keys, now()),
      readPhotosToDelete({ redis, keys }),
    ]);
    return {
      lane: overview,
      accounts,
      oldest,
      endpoints,
      deadLetters,
      mostRecords,
      budgetLevels,
      photosToDelete,
    };
  } catch (error) {
    // The connection has logged already that Redis is away.
    if (classifyRedisError(error) !== 'gone')
      log.warn({ event: 'scrape_incomplete', err: error }, 'cannot read the lane for its metrics');
    return null;
  }
}

/** A thousand are a millisecond of Redis; with more clients, some are not looked at. */
const MAX_CLIENTS = 1_000;

async function readMostRecords(redis: Redis, keys: StoreKeys): Promise<number> {
  const clientIds = (await listClientIds(redis, keys)).slice(0, MAX_CLIENTS);
  const counts = await Promise.all(clientIds.map((id) => readOr(redis.zcard(keys.clientIndex(id)), 0)));
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

function registerLaneState(registry: Registry, read: ReadLane): void {
  register(
    registry,
    { name: 'veriqueue_lane_status', help: '1 for the status the lane is in, 0 for the others' },
    read,
    ({ lane }) =>
      laneOverview.shape.status.options.map((status) => [{ status }, lane.status === status ? 1 : 0]),
  );
  register(
    registry,
    {
      name: 'veriqueue_lane_info',
      help: 'Always 1; whether the lane asks the real upstream (livemode true), or the sandbox (false)',
    },
    read,
    ({ lane: { livemode } }) => [[{ livemode: livemode === null ? 'unknown' : String(livemode) }, 1]],
  );
  register(
    registry,
    { name: 'veriqueue_lane_quota_per_second', help: 'Requests per second the account is allowed' },
    read,
    ({ lane }) => [[{}, lane.quota.perSecond]],
  );
  register(
    registry,
    {
      name: 'veriqueue_lane_rate_per_second',
      help: 'Requests per second the lane grants: the quota, less while another user takes of it',
    },
    read,
    ({ lane }) => [[{}, lane.quota.effectivePerSecond]],
  );
  register(
    registry,
    {
      name: 'veriqueue_lane_margin_seconds',
      help: "What the lane adds to the upstream's second, against jitter on the way",
    },
    read,
    ({ lane }) => [[{}, lane.quota.marginMs / 1000]],
  );
}

function registerBacklog(registry: Registry, read: ReadLane): void {
  register(
    registry,
    { name: 'veriqueue_backlog', help: 'Verifications without an outcome, by where they stand' },
    read,
    ({ lane: { backlog } }) => {
      const { interactive, bulk, retrying, verifying } = backlog;
      return Object.entries({ interactive, bulk, retrying, verifying }).map(([queue, n]) => [{ queue }, n]);
    },
  );
  register(
    registry,
    {
      name: 'veriqueue_oldest_waiting_seconds',
      help: 'For how long the one that has waited longest could have gone on; 0 when nothing waits',
    },
    read,
    ({ oldest }) => {
      const { interactive, bulk, retrying, deliveries } = oldest;
      return Object.entries({ interactive, bulk, retrying, deliveries }).map(([queue, ms]) => [
        { queue },
        ms / 1000,
      ]);
    },
  );
  register(
    registry,
    {
      name: 'veriqueue_oldest_unanswered_seconds',
      help: 'Age of the oldest verification without an outcome, whatever it waits for',
    },
    read,
    ({ oldest }) => [[{}, oldest.unanswered / 1000]],
  );
  register(
    registry,
    { name: 'veriqueue_photos_stored', help: "People's photos stored now" },
    read,
    ({ lane }) => [[{}, lane.photosStored.now]],
  );
  register(
    registry,
    { name: 'veriqueue_photos_stored_peak', help: "Most people's photos ever stored at once" },
    read,
    ({ lane }) => [[{}, lane.photosStored.peak]],
  );
}

/** Of no use any more, and unreadable: their keys are gone. The workers delete them within seconds. */
function registerPhotosToDelete(registry: Registry, read: ReadLane, now: () => number): void {
  register(
    registry,
    { name: 'veriqueue_photos_to_delete', help: 'Photos that the object store still has to delete' },
    read,
    ({ photosToDelete }) => [[{}, photosToDelete.count]],
  );
  register(
    registry,
    {
      name: 'veriqueue_photos_to_delete_oldest_seconds',
      help: 'For how long the first of them has been due; 0 without any',
    },
    read,
    ({ photosToDelete: { since } }) => [[{}, since === null ? 0 : Math.max(0, now() - since) / 1000]],
  );
}

function registerDeliveryBacklog(registry: Registry, read: ReadLane): void {
  register(
    registry,
    {
      name: 'veriqueue_endpoints_failing',
      help: 'Callback origins whose last deliveries have all failed; further endpoints are not counted',
    },
    read,
    ({ endpoints }) => [[{}, endpoints.filter(({ health }) => health.status === 'failing').length]],
  );
  register(
    registry,
    {
      name: 'veriqueue_endpoints_held',
      help: 'Callback origins that are held: their events wait; further endpoints are not counted',
    },
    read,
    ({ endpoints }) => [[{}, endpoints.filter(({ health }) => health.status === 'disabled').length]],
  );
  register(
    registry,
    { name: 'veriqueue_deliveries_held', help: 'Events that wait for their endpoint, by why' },
    read,
    ({ endpoints }) => {
      const count = (chosen: (endpoint: EndpointState) => boolean) =>
        endpoints.filter(chosen).reduce((sum, { waiting }) => sum + waiting, 0);
      return [
        [{ reason: 'endpoint_held' }, count(({ origin, withdrawn }) => origin !== 'none' && !withdrawn)],
        [{ reason: 'origin_not_allowed' }, count(({ withdrawn }) => withdrawn)],
        [{ reason: 'no_callback_url' }, count(({ origin }) => origin === 'none')],
      ];
    },
  );
  register(
    registry,
    {
      name: 'veriqueue_client_records_most',
      help: 'Verifications kept of the client that has most; CLIENT_MAX_RECORDS ends its submissions',
    },
    read,
    ({ mostRecords }) => [[{}, mostRecords]],
  );
  register(
    registry,
    {
      name: 'veriqueue_client_budgets',
      help: 'Budgets of clients of which so many per cent are spent; one that is used up counts as 100 alone',
    },
    read,
    ({ budgetLevels }) =>
      [80, 100].map((spent) => [
        { spent: String(spent) },
        budgetLevels.filter(({ level }) => level === spent).length,
      ]),
  );
  register(
    registry,
    {
      name: 'veriqueue_dead_letters',
      help: 'Events whose schedule is used up, waiting for an operator to decide',
    },
    read,
    ({ deadLetters }) => [[{}, deadLetters]],
  );
}

function register(
  registry: Registry,
  described: { readonly name: string; readonly help: string },
  read: ReadLane,
  show: (reading: LaneReading) => readonly Sample[],
): void {
  registerReadGauge(registry, { ...described, labelNames: LABELS }, read, show);
}

/** All, also where none is used: the library shows a gauge without labels as 0 when its number is not known. */
const LABELS = ['status', 'queue', 'reason', 'livemode', 'spent'] as const;
