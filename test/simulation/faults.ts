import { ask, type Chain, type Part, RESTART_MS, simulatedKeys } from './chain.ts';
import type { Fault } from './plan.ts';
import type { Keyspace } from './redis/keyspace.ts';
import type { Instance } from './world/world.ts';

/** One fault as it happened. */
export interface Inflicted extends Fault {
  readonly note: string;
}

/** What a failover forgot: everything between the two instants. */
export interface LostSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Inflicting {
  readonly inflicted: readonly Inflicted[];
  readonly lost: readonly LostSpan[];
  /** Whether a failover forgot that it was accepted: nothing more comes of it. */
  hasForgotten(id: string): boolean;
  /** Ends what still goes on: what was frozen goes on, what was killed is started again. */
  calm(): void;
}

/** An asynchronous replica, or an AOF that is flushed every second, is behind by this much at most. */
const BEHIND_MS = 1_000;

/** Puts the faults of a plan on the world's agenda. */
export function scheduleFaults(chain: Chain, faults: readonly Fault[]): Inflicting {
  const inflicted: Inflicted[] = [];
  const lost: LostSpan[] = [];
  const ending = new Set<() => void>();
  const { world } = chain;
  const begin = (fault: Fault): void => {
    const { note, end } = inflict(chain, fault, lost);
    inflicted.push({ ...fault, at: world.now, note });
    if (end === undefined) return;
    const once = () => {
      if (ending.delete(once)) end();
    };
    ending.add(once);
    world.after(fault.forMs, world.nature, `end ${fault.kind}`, once);
  };
  for (const fault of faults) {
    if (fault.kind === 'redis_failover') scheduleFailover(chain, fault, { inflicted, lost });
    else world.after(fault.at - world.now, world.nature, `fault ${fault.kind}`, () => begin(fault));
  }
  return {
    inflicted,
    lost,
    hasForgotten: (id) => lost.length > 0 && !chain.redis.keyspace.has(simulatedKeys.record(id)),
    calm: () => {
      for (const end of ending) end();
    },
  };
}

interface Happened {
  readonly note: string;
  readonly end?: () => void;
}

function inflict(chain: Chain, fault: Fault, lost: LostSpan[]): Happened {
  const { world, network, redis, redisInstance, receiver } = chain;
  const worker = chain.workers[fault.which % chain.workers.length];
  if (worker === undefined) return { note: 'skipped: there is no worker' };
  switch (fault.kind) {
    case 'kill_worker':
      return kill(chain, worker, () => chain.startWorker(worker));
    case 'kill_producer':
      return kill(chain, chain.producer, () => chain.startProducer(chain.producer));
    case 'stop_worker':
      return stop(chain, worker);
    case 'freeze_worker': {
      const { instance } = worker;
      world.freeze(instance);
      return { note: `${worker.name} stands still`, end: () => world.thaw(instance) };
    }
    case 'reset_connections': {
      const sockets = network.between(partOf(chain, fault).instance, redisInstance);
      for (const socket of sockets) socket.reset();
      return { note: `${sockets.length} connections to Redis are reset` };
    }
    case 'lose_reply': {
      const sockets = network.between(partOf(chain, fault).instance, redisInstance);
      for (const socket of sockets) socket.losesNext = true;
      return {
        note: `the next replies on ${sockets.length} connections are lost`,
        end: () => {
          for (const socket of sockets) socket.losesNext = false;
        },
      };
    }
    case 'redis_full':
      redis.full = true;
      return {
        note: 'Redis is full',
        end: () => {
          redis.full = false;
        },
      };
    case 'flush_scripts':
      redis.flushScripts();
      return { note: 'Redis forgets its scripts' };
    case 'redis_restart':
      resetAll(chain, redisInstance);
      world.freeze(redisInstance);
      redis.flushScripts();
      return { note: 'Redis is away, and loses nothing', end: () => world.thaw(redisInstance) };
    case 'redis_clock_step':
      return stepClock(redisInstance, fault, 'Redis');
    case 'worker_clock_step':
      return stepClock(worker.instance, fault, worker.name);
    case 'upstream_down':
      return refuse(chain, chain.upstreamInstance, 'the upstream');
    case 'receiver_down':
      receiver.down = true;
      return {
        note: 'the receiver refuses everything',
        end: () => {
          receiver.down = false;
        },
      };
    case 'redis_failover':
      lost.push({ fromMs: world.now, untilMs: world.now });
      return { note: 'skipped: it is scheduled by itself' };
    default:
      return fault.kind satisfies never;
  }
}

const partOf = ({ workers, producer }: Chain, { which }: Fault): Part<unknown> =>
  [...workers, producer][which % (workers.length + 1)] ?? producer;

function kill(chain: Chain, part: Part<unknown>, start: () => void): Happened {
  const { instance } = part;
  if (!instance.alive) return { note: `skipped: ${part.name} is down` };
  chain.world.kill(instance);
  chain.network.drop(instance);
  return { note: `${part.name} is killed`, end: start };
}

function stop(chain: Chain, part: Chain['workers'][number]): Happened {
  const { instance, running } = part;
  if (running === undefined || !instance.alive) return { note: `skipped: ${part.name} is not up` };
  part.running = undefined;
  part.isStopping = true;
  const start = (): void => {
    if (part.instance !== instance) return;
    chain.world.kill(instance);
    chain.network.drop(instance);
    chain.world.after(RESTART_MS, chain.world.nature, `start ${part.name}`, () => chain.startWorker(part));
  };
  void ask(chain.world, instance, () => running.stop()).then(start, (error: unknown) => {
    chain.ends.push({ part: part.name, at: chain.world.now, how: `it could not stop: ${String(error)}` });
    start();
  });
  return { note: `${part.name} is stopped in order` };
}

function refuse(chain: Chain, instance: Instance, name: string): Happened {
  const { refusing } = chain.network;
  refusing.add(instance);
  resetAll(chain, instance);
  return { note: `${name} takes no connection`, end: () => refusing.delete(instance) };
}

/** Receivers take a signature of five minutes ago: a clock that is wrong by more is known to lose deliveries. */
const MOST_WRONG_MS = 290_000;

function stepClock(instance: Instance, { which, forMs }: Fault, name: string): Happened {
  const drawnMs = (which % 2 === 0 ? 1 : -1) * (forMs % 2 === 0 ? forMs : 60 * forMs);
  const { wallOffsetMs } = instance;
  const stepMs = Math.min(Math.max(wallOffsetMs + drawnMs, -MOST_WRONG_MS), MOST_WRONG_MS) - wallOffsetMs;
  instance.wallOffsetMs += stepMs;
  return {
    note: `the clock of ${name} steps by ${stepMs} ms`,
    end: () => {
      instance.wallOffsetMs -= stepMs;
    },
  };
}

function resetAll({ network }: Chain, instance: Instance): void {
  for (const socket of network.between(instance)) socket.reset();
}

/** A replica that is behind takes over. Half of the time the old primary goes on as a replica, for those that are connected. */
function scheduleFailover(
  chain: Chain,
  fault: Fault,
  { inflicted, lost }: { inflicted: Inflicted[]; lost: LostSpan[] },
): void {
  const { world, redis } = chain;
  const behindMs = Math.min(BEHIND_MS, fault.forMs);
  const copied: { data?: Keyspace } = {};
  world.after(fault.at - behindMs - world.now, world.nature, 'the replica is behind from here', () => {
    copied.data = redis.copyData();
    lost.push({ fromMs: world.now, untilMs: world.now + behindMs });
  });
  world.after(fault.at - world.now, world.nature, 'fault redis_failover', () => {
    if (copied.data !== undefined) redis.promote(copied.data);
    const keepsConnections = fault.which % 2 === 0;
    if (!keepsConnections) resetAll(chain, chain.redisInstance);
    const note = `a replica ${Math.round(behindMs)} ms behind takes over; ${keepsConnections ? 'connections stay with the old primary' : 'connections are reset'}`;
    inflicted.push({ ...fault, at: world.now, note });
  });
}
