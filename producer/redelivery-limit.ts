import type { StoreKeys } from '../shared/store/keys.ts';
import { readOr } from '../shared/store/redis/failure.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { loadScript } from '../shared/store/redis/script.ts';
import { DAY_MS } from '../shared/time-units.ts';
import { ProblemError, retryAfter } from './problem.ts';
import { takeFromRate } from './rate-limit.ts';

/** What one client may ask to have delivered again, over all producers; 0 sets no limit. */
export interface RedeliveryLimits {
  /** As many may come at once, after a pause. */
  readonly perMinute: number;
  /** Under way at a time: an event that no receiver takes is under way for three days. */
  readonly open: number;
}

/** Looked at before a client is refused: most of what it asked for has ended, as a rule. */
const SAMPLE = 100;
/** A little longer than the schedule of one event. */
const KEPT_SECONDS = (4 * DAY_MS) / 1_000;
const OPEN_RETRY_SECONDS = 60;
/** Longer than one takes to begin. */
const BEGUN_SECONDS = 30;
const ENDED = ['delivered', 'dead', 'held'];

const takeRoomScript = loadScript(
  new URL('../shared/store/scripts/take-redelivery-room.lua', import.meta.url),
);

/** Takes one redelivery out of a client's rate. @throws {ProblemError} too_many_requests */
export async function requireRedeliveryRate(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  { perMinute }: RedeliveryLimits,
): Promise<void> {
  if (perMinute === 0) return;
  const rate = { perSecond: perMinute / 60, burst: perMinute };
  const { allowed, nextInMs } = await takeFromRate(redis, keys.clientRedeliveryRate(clientId), rate);
  if (!allowed) throw new ProblemError('too_many_requests', { headers: retryAfter(nextInMs / 1000) });
}

/** A redelivery's place among those of its client that are under way. */
export interface RedeliveryRoom {
  /** It is on its way, or nothing came of it: then it gives the place back, unless it was under way before. */
  readonly settle: (isUnderWay: boolean) => Promise<void>;
}

/** Before it begins, so that requests at once take no more than there is. @throws {ProblemError} too_many_redeliveries */
export async function takeRedeliveryRoom(
  redis: Redis,
  keys: StoreKeys,
  { clientId, id }: { readonly clientId: string; readonly id: string },
  { open: most }: RedeliveryLimits,
): Promise<RedeliveryRoom> {
  const places = [keys.openRedeliveries(clientId), keys.begunRedeliveries(clientId)] as const;
  const [open, begun] = places;
  const take = () => takeRoomScript(redis, places, [id, most, KEPT_SECONDS, BEGUN_SECONDS]);
  let taking = await take();
  if (taking === 'full') {
    await dropEnded(redis, keys, { open, begun });
    taking = await take();
  }
  if (taking === 'full') {
    throw new ProblemError('too_many_redeliveries', { headers: retryAfter(OPEN_RETRY_SECONDS) });
  }
  return {
    settle: async (isUnderWay) => {
      const ending = redis.multi().srem(begun, id);
      if (!isUnderWay && taking === 'taken') ending.srem(open, id);
      await ending.exec();
    },
  };
}

/** The worker does not note what has ended: that would be one more write for every delivery. */
async function dropEnded(
  redis: Redis,
  keys: StoreKeys,
  { open, begun }: { readonly open: string; readonly begun: string },
): Promise<void> {
  const sample = await redis.srandmember(open, SAMPLE);
  if (sample.length === 0) return;
  // Before their states: what is not about to begin by now has its new state.
  const areBegun = await redis.smismember(begun, ...sample);
  const statuses = await Promise.all(
    sample.map((id) => readOr(redis.hget(keys.record(id), 'deliveryStatus'), null)),
  );
  const ended = sample.filter((_, i) => areBegun[i] === 0 && isEnded(statuses[i] ?? null));
  if (ended.length > 0) await redis.srem(open, ...ended);
}

/** One that is gone, or of another type, has ended too. */
const isEnded = (status: string | null): boolean => status === null || ENDED.includes(status);
