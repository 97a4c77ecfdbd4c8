import { setTimeout as sleep } from 'node:timers/promises';
import { awaitReadyRedis } from './await-ready-redis.ts';
import type { PartSlot } from './part-slot.ts';
import type { Receiver } from './receiver.ts';
import type { RedisPair } from './redis-pair.ts';
import type { SpoilRule } from './redis-proxy.ts';
import type { Fault } from './schedule.ts';
import type { Upstream } from './upstream.ts';

/** What a storm can lay hands on. */
export interface Stage {
  readonly redis: RedisPair;
  readonly workers: readonly PartSlot[];
  readonly producer: PartSlot;
  readonly upstream: Upstream;
  readonly receiver: Receiver;
  /** The pattern of the keys that lock jobs at work. */
  readonly lockPattern: string;
}

/** Inflicts one fault and takes it back. @returns what it hit, in words */
export async function inflict(stage: Stage, fault: Fault): Promise<string> {
  const { redis } = stage;
  switch (fault.kind) {
    case 'worker_kill':
      return onWorker(stage, fault, (worker) => worker.kill(fault.ms));
    case 'worker_stop':
      return onWorker(stage, fault, (worker) => worker.freeze(fault.ms));
    case 'producer_kill':
      await stage.producer.kill(fault.ms);
      return stage.producer.name;
    case 'redis_crash':
      await redis.crash(fault.ms);
      return `${redis.primary().name} down for ${fault.ms} ms`;
    case 'redis_stop':
      await redis.hang(fault.ms);
      return `${redis.primary().name} silent for ${fault.ms} ms`;
    case 'redis_restart':
      await redis.restart(fault.ms);
      return redis.primary().name;
    case 'script_flush':
      return flushScripts(stage, fault.ms);
    case 'refused_memory':
      return refuseWrites(stage, fault, ['maxmemory', '1', '0']);
    case 'refused_replicas':
      return refuseWrites(stage, fault, ['min-replicas-to-write', '9', '0']);
    case 'start_refused':
      return startRefused(stage, fault);
    case 'failover':
    case 'failover_late':
      await redis.failOver(fault.kind === 'failover' ? 0 : fault.ms);
      return `${redis.primary().name} is primary`;
    case 'lock_loss':
      return dropLocks(stage, fault);
    case 'link_freeze':
      return onWorker(stage, fault, async ({ name }) => {
        redis.proxy.freeze(name);
        await sleep(fault.ms);
        redis.proxy.thaw(name);
      });
    case 'lost_reply_submission':
    case 'lost_reply_claim':
    case 'lost_reply_sending':
    case 'lost_reply_outcome':
    case 'lost_reply_delivery':
    case 'half_reply':
      return spoilReplies(stage, fault);
    case 'upstream_down':
      stage.upstream.down();
      await sleep(fault.ms);
      stage.upstream.up();
      return `for ${fault.ms} ms`;
    case 'upstream_drop':
    case 'upstream_half_answer':
    case 'upstream_5xx':
    case 'upstream_garbage':
    case 'upstream_slow':
    case 'upstream_timeout':
    case 'upstream_transient':
    case 'upstream_limit':
      stage.upstream.spoil(fault.kind, fault.count, fault.ms);
      await sleep(fault.ms);
      return `${fault.count} calls`;
    case 'receiver_down':
      await stage.receiver.down();
      await sleep(fault.ms);
      await stage.receiver.up();
      return `for ${fault.ms} ms`;
    case 'receiver_5xx':
    case 'receiver_two_headers':
    case 'receiver_closes':
    case 'receiver_reset_after':
    case 'receiver_slow':
      stage.receiver.spoil(fault.kind, fault.count, fault.ms);
      await sleep(fault.ms);
      return `${fault.count} posts`;
    default:
      return fault.kind satisfies never;
  }
}

/** At least one other worker stays well, or nothing would be at work to be disturbed. */
async function onWorker(
  { workers }: Stage,
  fault: Fault,
  run: (worker: PartSlot) => Promise<void>,
): Promise<string> {
  const well = workers.filter((worker) => worker.isWell());
  const victim = well[Math.floor(fault.victim * well.length)];
  if (victim === undefined || well.length < 2) return 'skipped: no second worker was well';
  await run(victim);
  return victim.name;
}

/** Again and again, so that it also falls between a submission's look at its scripts and its transaction. */
async function flushScripts({ redis }: Stage, ms: number): Promise<string> {
  const until = Date.now() + ms;
  const flushes = await redis.primary().ask(async (admin) => {
    let count = 0;
    while (Date.now() < until) {
      await admin.script('FLUSH');
      count += 1;
      await sleep(10);
    }
    return count;
  });
  return `${flushes} flushes`;
}

async function refuseWrites(
  { redis }: Stage,
  { ms }: Fault,
  [setting, refusing, usual]: readonly [string, string, string],
): Promise<string> {
  const node = redis.primary();
  await node.ask((admin) => admin.config('SET', setting, refusing));
  await sleep(ms);
  await node.ask((admin) => admin.config('SET', setting, usual));
  return `${setting} for ${ms} ms`;
}

/** A worker is replaced while Redis is full: the new one must wait for it, not give up. */
async function startRefused(stage: Stage, fault: Fault): Promise<string> {
  const replacing = onWorker(stage, fault, (worker) => worker.kill(0));
  await refuseWrites(stage, fault, ['maxmemory', '1', '0']);
  return replacing;
}

async function dropLocks({ redis, lockPattern }: Stage, { count, victim }: Fault): Promise<string> {
  await awaitReadyRedis(redis.primary());
  const dropped = await redis.primary().ask(async (admin) => {
    const locks = (await admin.keys(lockPattern)).sort();
    const first = Math.floor(victim * locks.length);
    const chosen = locks.slice(first, first + count);
    if (chosen.length > 0) await admin.del(chosen);
    return chosen;
  });
  return dropped.length === 0 ? 'skipped: nothing was at work' : dropped.map(idOfLock).join(' ');
}

const idOfLock = (key: string): string => key.split(':').at(-2) ?? key;

/** Commands are known by what their bytes hold: scripts themselves travel as digests. */
const MARKERS = {
  lost_reply_submission: ['exec'],
  lost_reply_claim: ['Veriqueue.WorkerCrashed'],
  lost_reply_sending: ['sentAt'],
  lost_reply_outcome: ['"verdict":'],
  lost_reply_delivery: ['delivered'],
  half_reply: [],
} as const satisfies Partial<Record<Fault['kind'], readonly string[]>>;

type ReplyFault = keyof typeof MARKERS;

async function spoilReplies({ redis, workers, producer }: Stage, fault: Fault): Promise<string> {
  const kind = fault.kind as ReplyFault;
  const mode: SpoilRule['mode'] = kind === 'half_reply' ? 'half' : 'lost';
  const doors = kind === 'lost_reply_submission' ? [producer.name] : workers.map(({ name }) => name);
  const door = doors[Math.floor(fault.victim * doors.length)] ?? producer.name;
  const rule = { markers: MARKERS[kind], count: fault.count, mode };
  const spoiled = await redis.proxy.spoil(door, rule, fault.ms);
  return spoiled === 0 ? `skipped: ${door} sent no such command` : `${spoiled} replies to ${door}`;
}
