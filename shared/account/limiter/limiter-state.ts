import { z } from 'zod';
import type { AccountKeys } from '../../store/keys.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import { loadScript } from '../../store/redis/script.ts';
import type { LostTime } from '../../store/verifications/promised-time.ts';
import { FACT_FIELDS, type LimiterFacts, parseLimiterFacts, TALLY_SECONDS } from './limiter-facts.ts';

/** The lane as operators and metrics see it. Instants are milliseconds since the epoch, by Redis' clock. */
export interface LimiterState {
  /** `slow`: single probes until one is answered (maintenance). `held`: the account is at fault. `paused`: by an operator. */
  readonly status: 'running' | 'slow' | 'held' | 'paused';
  readonly reason?: string;
  readonly since?: number;
  /** When the next probe may go out; absent when only an operator can resume the lane. */
  readonly resumesAt?: number;
  /** 0 until a worker has asked for the lane's first slot. */
  readonly quotaPerSecond: number;
  /** The quota, less while another user of the account takes a part of it. */
  readonly effectiveRate: number;
  readonly marginMs: number;
  /** Slots granted in the last complete second, and in the last 60 s. */
  readonly grantedLastSecond: number;
  readonly grantedLastMinute: number;
  /** Calls the upstream refused as over the quota in the last 60 s. */
  readonly refusedLastMinute: number;
  /** Slots granted since the lane began. */
  readonly grantedTotal: number;
  /** Processes waiting for a slot. */
  readonly waitingProcesses: number;
  readonly lost: LostTime;
}

/** The present second and the 60 before it. */
const STATE_SECONDS = 61;

const readLimiter = loadScript(new URL('read-limiter.lua', import.meta.url));

const factsPage = z.tuple([
  z.tuple([z.coerce.number(), z.coerce.number()]),
  z.array(z.string()),
  z.array(z.string().nullable()),
]);

interface LimiterReading {
  readonly facts: LimiterFacts;
  /** Redis' clock */
  readonly nowUs: number;
}

async function readFacts(
  redis: Redis,
  keys: AccountKeys,
  fields: readonly string[],
  seconds: number,
): Promise<LimiterReading> {
  const reply = await readLimiter(redis, [keys.quota()], [seconds, TALLY_SECONDS, ...fields]);
  const [[time, micros], names, values] = factsPage.parse(reply);
  const found = names.flatMap((name, index): [string, string][] => {
    const value = values[index];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return { facts: parseLimiterFacts(Object.fromEntries(found)), nowUs: time * 1_000_000 + micros };
}

/** Reads the lane; one round trip, no ring. */
export async function readLimiterState(redis: Redis, keys: AccountKeys): Promise<LimiterState> {
  const { facts, nowUs } = await readFacts(redis, keys, FACT_FIELDS, STATE_SECONDS);
  return computeLimiterState(facts, nowUs);
}

/** Slots granted, and calls refused as over the quota, in each of the last complete seconds, the oldest first. */
export interface LimiterArrivals {
  readonly granted: readonly number[];
  readonly refused: readonly number[];
}

/** @param seconds at most 600 */
export async function readLimiterArrivals(
  redis: Redis,
  keys: AccountKeys,
  seconds: number,
): Promise<LimiterArrivals> {
  const { facts, nowUs } = await readFacts(redis, keys, [], seconds + 1);
  return computeLimiterArrivals(facts, nowUs, seconds);
}

export function computeLimiterArrivals(facts: LimiterFacts, nowUs: number, seconds: number): LimiterArrivals {
  const first = Math.floor(nowUs / 1_000_000) - seconds;
  const tallies = Array.from({ length: seconds }, (_, i) => {
    const there = facts.tallies.get((first + i) % TALLY_SECONDS);
    return there?.second === first + i ? there : { granted: 0, refused: 0 };
  });
  return { granted: tallies.map((each) => each.granted), refused: tallies.map((each) => each.refused) };
}

export function computeLimiterState(facts: LimiterFacts, nowUs: number): LimiterState {
  const second = Math.floor(nowUs / 1_000_000);
  const lastMinute = [...facts.tallies.values()].filter(
    (each) => each.second > second - 60 && each.second <= second,
  );
  const lastSecond = lastMinute.find((each) => each.second === second - 1);
  return {
    ...computeStatus(facts),
    quotaPerSecond: facts.size,
    effectiveRate: facts.rateMilli / 1000,
    marginMs: facts.marginUs / 1000,
    grantedLastSecond: lastSecond?.granted ?? 0,
    grantedLastMinute: lastMinute.reduce((sum, each) => sum + each.granted, 0),
    refusedLastMinute: lastMinute.reduce((sum, each) => sum + each.refused, 0),
    grantedTotal: facts.seq,
    waitingProcesses: facts.waiters.filter(({ dueUs }) => dueUs + 1_000_000 >= nowUs).length,
    lost: computeLostTime(facts, nowUs),
  };
}

/** With what has been lost since the last command: as `addLostTime` of the script will add it. */
function computeLostTime(facts: LimiterFacts, nowUs: number): LostTime {
  const sinceMs = facts.lostSinceUs === 0 ? 0 : Math.max(0, inMs(nowUs - facts.lostSinceUs));
  const { status } = computeStatus(facts);
  const full = facts.size * 1000;
  const cut = status === 'running' && facts.rateMilli < full ? (full - facts.rateMilli) / full : 0;
  const of = (reason: LimiterState['status'], us: number) => inMs(us) + (status === reason ? sinceMs : 0);
  return {
    paused: of('paused', facts.lostPausedUs),
    held: of('held', facts.lostHeldUs),
    slow: of('slow', facts.lostSlowUs),
    rate: inMs(facts.lostRateUs) + Math.floor(sinceMs * cut),
  };
}

/** The pause is shown before the gate: while it lasts, not even probes go out. */
function computeStatus(facts: LimiterFacts): Pick<LimiterState, 'status' | 'reason' | 'since' | 'resumesAt'> {
  if (facts.pausedSinceUs > 0) {
    return { status: 'paused', reason: facts.pausedReason, since: inMs(facts.pausedSinceUs) };
  }
  if (facts.gate === '') return { status: 'running' };
  return {
    status: facts.gate,
    reason: facts.gateReason,
    since: inMs(facts.gateSinceUs),
    resumesAt: inMs(facts.probeAtUs),
  };
}

function inMs(us: number): number {
  return Math.floor(us / 1000);
}
