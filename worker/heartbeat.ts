import { type GivenBack, giveBackSilent } from '../shared/store/queue/give-back-silent.ts';
import { describeRedisError } from '../shared/store/redis/failure.ts';
import { beat, endHeartbeat } from '../shared/store/verifications/heartbeat.ts';
import type { WorkerContext } from './context.ts';

export interface Heartbeat {
  /** This worker stops in order. Never rejects. */
  stop(): Promise<void>;
}

type HeartbeatDeps = Pick<
  WorkerContext,
  'unbatchedRedis' | 'keys' | 'workerId' | 'writes' | 'metrics' | 'log'
>;

/** Five may be missed or late before the worker counts as silent. */
const BEAT_MS = 500;

const CUT_OFF = ['close', '-node'] as const;

/**
 * Writes down twice a second that this process lives, and gives back what others held that do not. A process whose event loop
 * stands still writes nothing, nor does one that is cut off from Redis; its heartbeat waits in the connection then, and is the
 * first thing that Redis sees of it.
 *
 * @returns after the first heartbeat: the death of a claim made before it would be counted for no worker
 */
export async function startHeartbeat(deps: HeartbeatDeps): Promise<Heartbeat> {
  const { unbatchedRedis: redis, keys, workerId, writes, log } = deps;
  const logFailure = (error: unknown) =>
    log.debug({ event: 'heartbeat', reason: describeRedisError(error) }, 'a heartbeat was not written');
  await writes.untilTaken(() => beat(redis, keys, workerId));
  let isBeating = false;
  let wasCutOff = false;
  const noteCutOff = () => {
    wasCutOff = true;
  };
  // A cluster stays connected as a whole when one of its nodes goes.
  for (const event of CUT_OFF) redis.on(event, noteCutOff);
  const beatOnce = async () => {
    isBeating = true;
    const cutOff = wasCutOff;
    wasCutOff = false;
    try {
      // One round trip. What is silent now was so before this one.
      const [, given] = await Promise.all([beat(redis, keys, workerId), giveBackSilent(redis, keys, cutOff)]);
      report(deps, given);
    } catch (error) {
      noteCutOff();
      logFailure(error);
    }
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
      for (const event of CUT_OFF) redis.off(event, noteCutOff);
      await last;
      await endHeartbeat(redis, keys, workerId).catch(logFailure);
    },
  };
}

function report(
  { keys, metrics, log }: HeartbeatDeps,
  { workers, verifications, deliveries }: GivenBack,
): void {
  if (workers.length > 0) {
    log.warn(
      { event: 'worker_silent', workers, verifications: verifications.length, deliveries: deliveries.length },
      'workers died or hang: their jobs are given back',
    );
  }
  const given = [
    { queue: keys.verificationQueue, ids: verifications },
    { queue: keys.deliveryQueue, ids: deliveries },
  ];
  for (const { queue, ids } of given) {
    metrics.jobsStalled.inc({ queue }, ids.length);
    for (const id of ids)
      log.warn({ event: 'job_stalled', queue, verification: id }, 'a worker died or hung');
  }
}
