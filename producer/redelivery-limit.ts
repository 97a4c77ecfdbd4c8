import type { StoreKeys } from '../shared/store/keys.ts';
import { readOr } from '../shared/store/redis/failure.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
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
const ENDED = ['delivered', 'dead', 'held'];

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

/** @throws {ProblemError} too_many_redeliveries while as many as are allowed are under way */
export async function requireRedeliveryRoom(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  { open }: RedeliveryLimits,
): Promise<void> {
  const key = keys.openRedeliveries(clientId);
  if (open === 0 || (await redis.scard(key)) < open) return;
  // The worker does not note what has ended: that would be one more write for every delivery.
  const sample = await redis.srandmember(key, SAMPLE);
  const statuses = await Promise.all(
    sample.map((id) => readOr(redis.hget(keys.record(id), 'deliveryStatus'), null)),
  );
  const ended = sample.filter((_, i) => isEnded(statuses[i] ?? null));
  if (ended.length > 0) await redis.srem(key, ...ended);
  if ((await redis.scard(key)) < open) return;
  throw new ProblemError('too_many_redeliveries', { headers: retryAfter(OPEN_RETRY_SECONDS) });
}

/** One that is gone, or of another type, has ended too. */
const isEnded = (status: string | null): boolean => status === null || ENDED.includes(status);

/** Counts a redelivery among those under way. */
export async function noteOpenRedelivery(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  id: string,
): Promise<void> {
  const key = keys.openRedeliveries(clientId);
  await redis.multi().sadd(key, id).expire(key, KEPT_SECONDS).exec();
}
