import { describeRedisError } from '../shared/store/redis/failure.ts';
import { beat, endHeartbeat } from '../shared/store/verifications/heartbeat.ts';
import type { WorkerContext } from './context.ts';

export interface Heartbeat {
  /** This worker stops in order. Never rejects. */
  stop(): Promise<void>;
}

/** Two may be missed or late before the worker counts as silent. */
const BEAT_MS = 1_000;

/**
 * Writes down once a second that this process lives. A process whose event loop stands still does not, nor does one that is cut
 * off from Redis; its heartbeat waits in the connection then, and is the first thing that Redis sees of it.
 *
 * @returns after the first heartbeat: what is claimed before it would be nobody's death
 */
export async function startHeartbeat({
  unbatchedRedis: redis,
  keys,
  workerId,
  writes,
  log,
}: Pick<WorkerContext, 'unbatchedRedis' | 'keys' | 'workerId' | 'writes' | 'log'>): Promise<Heartbeat> {
  const logFailure = (error: unknown) =>
    log.debug({ event: 'heartbeat', reason: describeRedisError(error) }, 'a heartbeat was not written');
  await writes.untilTaken(() => beat(redis, keys, workerId));
  let isBeating = false;
  const beatOnce = async () => {
    isBeating = true;
    await beat(redis, keys, workerId).catch(logFailure);
    isBeating = false;
  };
  let last = Promise.resolve();
  const timer = setInterval(() => {
    if (!isBeating) last = beatOnce();
  }, BEAT_MS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await last;
      await endHeartbeat(redis, keys, workerId).catch(logFailure);
    },
  };
}
