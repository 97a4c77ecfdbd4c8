import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import { leaveQueue } from './expire-subjects.ts';
import type { SweepDeps } from './sweep-deps.ts';

export interface ExpiringDeadlines {
  stop(): Promise<void>;
}

type DeadlineDeps = Pick<
  SweepDeps,
  'redis' | 'keys' | 'queue' | 'finish' | 'metrics' | 'writes' | 'log' | 'now'
>;

/** A client that gave a time learns about its end within a second or two. */
const EVERY_MS = 1_000;
/** In one turn. */
const BATCH = 200;

/**
 * Fails what has no answer by the time that its submission gave, while it waits. What a worker has in hand is left to that worker,
 * which asks about nothing that is past its time.
 *
 * @returns how many were failed
 */
export async function expireDeadlines(deps: DeadlineDeps): Promise<number> {
  const { redis, keys, now } = deps;
  const due = await redis.zrange(keys.deadlines(), '-inf', String(now()), 'BYSCORE', 'LIMIT', 0, BATCH);
  const expired = await Promise.all(due.map((id) => expire(deps, id)));
  return expired.filter(Boolean).length;
}

async function expire(deps: DeadlineDeps, id: string): Promise<boolean> {
  const { redis, keys, finish, queue, metrics } = deps;
  const read = await readRecord(redis, keys, id);
  const isOpen =
    read.status === 'found' && read.record.outcome === null && read.record.status !== 'cancelled';
  if (!isOpen) {
    await redis.zrem(keys.deadlines(), id);
    return false;
  }
  if (read.record.status === 'verifying') return false;
  const row = resolveOutcome('Veriqueue.DeadlinePassed');
  await finish(read.record, { row, call: null, onlyWhileWaiting: true });
  if (!(await leaveQueue(queue, id))) return false;
  metrics.swept.inc({ what: 'deadline' });
  return true;
}

export function startExpiringDeadlines(deps: DeadlineDeps): ExpiringDeadlines {
  let turn: Promise<unknown> = Promise.resolve();
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    try {
      await expireDeadlines(deps);
    } catch (error) {
      // An outage is logged once, for all that meet it.
      if (!deps.writes.note(error)) {
        deps.log.warn({ event: 'sweep_failed', step: 'deadlines', err: error }, 'a sweep failed');
      }
    }
    isRunning = false;
  };
  const timer = setInterval(() => {
    if (!isRunning) turn = run();
  }, EVERY_MS).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await turn;
    },
  };
}
