import { computeBacklogRetryAfter } from '../../shared/account/estimate.ts';
import { speedOf } from '../../shared/account/lane-overview.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import {
  type PlaceReservation,
  releasePlace,
  reservePlace,
} from '../../shared/store/clients/reserve-place.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { readClientShare } from '../../shared/store/shares/read-shares.ts';
import type { LaneView } from '../lane-view.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import type { ProducerLog } from '../producer-log.ts';
import { requireRecordRoom } from '../record-limit.ts';

export interface RoomDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  readonly log: ProducerLog;
  readonly rules: {
    readonly maxBacklog: number;
    readonly maxClientRecords: number;
    readonly maxClientWaiting: number;
  };
  /** ms epoch */
  readonly now: () => number;
}

/** The submission that needs room. */
interface Entrant {
  readonly id: string;
  readonly clientId: string;
  /** Its client's. */
  readonly weight: number;
}

/**
 * Takes a place for a submission below the limits of its client, and below the one of all: in this order, so that a client at
 * its own limit hears of that, whatever the others do. All of it costs one round trip,
 * and a refusal one more.
 *
 * @throws {ProblemError} too_many_records, client_backlog_full, budget_exhausted, backlog_full; then nothing is taken
 */
export async function takeRoom(deps: RoomDeps, entrant: Entrant): Promise<LaneOverview> {
  const { redis, keys, lane, rules, now } = deps;
  const { clientId } = entrant;
  const [view, records, reserving] = await Promise.allSettled([
    lane.read(),
    requireRecordRoom(redis, keys, { clientId, max: rules.maxClientRecords, now: now() }),
    reservePlace(redis, keys, { ...entrant, defaultCap: rules.maxClientWaiting, now: now() }),
  ]);
  const reservation = reserving.status === 'fulfilled' ? reserving.value : null;
  try {
    if (records.status === 'rejected') throw records.reason;
    if (reserving.status === 'rejected') throw reserving.reason;
    if (view.status === 'rejected') throw view.reason;
    await requirePlace(deps, entrant, reserving.value, view.value);
    requireBacklogRoom(deps, view.value);
    lane.take();
    return view.value;
  } catch (error) {
    if (reservation?.status === 'reserved') await release(deps, entrant);
    throw error;
  }
}

/** Gives back what {@link takeRoom} took, for a submission that certainly came to nothing. */
export async function giveRoomBack(deps: RoomDeps, entrant: Pick<Entrant, 'id' | 'clientId'>): Promise<void> {
  deps.lane.giveBack();
  await release(deps, entrant);
}

async function requirePlace(
  deps: RoomDeps,
  entrant: Entrant,
  reservation: PlaceReservation,
  lane: LaneOverview,
): Promise<void> {
  if (reservation.status === 'exhausted') {
    const headers = retryAfter((reservation.endsAt - deps.now()) / 1000);
    throw new ProblemError('budget_exhausted', { headers });
  }
  if (reservation.status !== 'full') return;
  const { unfinished, cap } = reservation;
  const speed = speedOf(lane);
  const perSecond = speed.perSecond * (await readShare(deps, entrant));
  throw new ProblemError('client_backlog_full', {
    headers: retryAfter(computeBacklogRetryAfter(unfinished, cap, { ...speed, perSecond })),
  });
}

/**
 * The part of the quota that a client has while all wait that wait now, of both priorities: bulk is behind interactive, so for
 * bulk alone the time is a little short.
 */
async function readShare(
  { redis, keys }: RoomDeps,
  { clientId, weight }: Pick<Entrant, 'clientId' | 'weight'>,
): Promise<number> {
  const shares = await Promise.all(
    (['interactive', 'bulk'] as const).map((priority) =>
      readClientShare(redis, keys, { clientId, priority, weight }),
    ),
  );
  const weights = shares.reduce((sum, { active }) => sum + active.weights, 0);
  return Math.min(1, weight / Math.max(weight, weights));
}

function requireBacklogRoom({ lane, rules: { maxBacklog } }: RoomDeps, overview: LaneOverview): void {
  const backlog = lane.countBacklog(overview);
  if (backlog < maxBacklog) return;
  throw new ProblemError('backlog_full', {
    headers: retryAfter(computeBacklogRetryAfter(backlog, maxBacklog, speedOf(overview))),
  });
}

/** The answer is a refusal already; a place that cannot be given back is free again after half a minute. */
async function release(
  { redis, keys, log }: RoomDeps,
  entrant: Pick<Entrant, 'id' | 'clientId'>,
): Promise<void> {
  try {
    await releasePlace(redis, keys, entrant);
  } catch (error) {
    log.warn(
      { event: 'place_release_failed', reason: describeRedisError(error) },
      "cannot give back a client's place",
    );
  }
}
