import { z } from 'zod';
import type { AccountKeys } from '../../store/keys.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import { defineScript } from '../../store/redis/script.ts';
import { LANE_NUMBERS, parseLaneHash } from './lane-hash.ts';
import { type LaneRecord, TALLY_SECONDS } from './lane-record.ts';

/** The lane as operators and metrics see it. Instants are milliseconds since the epoch, by Redis' clock. */
export interface LaneState {
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
}

const FIELDS: readonly string[] = [...LANE_NUMBERS, 'gate', 'gateReason', 'pausedReason', 'line'];
/** The present second and the 60 before it. */
const STATE_SECONDS = 61;

// Which tallies are the latest, Redis' clock decides: reading it and them in one step takes one round trip, and leaves the
// hundreds of older ones where they are.
const readScript = defineScript({
  name: 'readLane',
  keys: 1,
  lua: `
local time = redis.call('TIME')
local names = {}
for i = 3, #ARGV do names[#names + 1] = ARGV[i] end
for ago = 0, tonumber(ARGV[1]) - 1 do names[#names + 1] = 't' .. string.format('%.0f', (time[1] - ago) % tonumber(ARGV[2])) end
return {time, names, redis.call('HMGET', KEYS[1], unpack(names))}
`,
});

const lanePage = z.tuple([
  z.tuple([z.coerce.number(), z.coerce.number()]),
  z.array(z.string()),
  z.array(z.string().nullable()),
]);

interface LaneReading {
  readonly record: LaneRecord;
  /** Redis' clock */
  readonly nowUs: number;
}

async function readLane(
  redis: Redis,
  keys: AccountKeys,
  fields: readonly string[],
  seconds: number,
): Promise<LaneReading> {
  const reply = await readScript(redis, [keys.quota()], [seconds, TALLY_SECONDS, ...fields]);
  const [[time, micros], names, values] = lanePage.parse(reply);
  const found = names.flatMap((name, index): [string, string][] => {
    const value = values[index];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return { record: parseLaneHash(Object.fromEntries(found)), nowUs: time * 1_000_000 + micros };
}

/** Reads the lane; one round trip, no ring. */
export async function readLaneState(redis: Redis, keys: AccountKeys): Promise<LaneState> {
  const { record, nowUs } = await readLane(redis, keys, FIELDS, STATE_SECONDS);
  return computeLaneState(record, nowUs);
}

/** Slots granted, and calls refused as over the quota, in each of the last complete seconds, the oldest first. */
export interface LaneArrivals {
  readonly granted: readonly number[];
  readonly refused: readonly number[];
}

/** @param seconds at most 600 */
export async function readLaneArrivals(
  redis: Redis,
  keys: AccountKeys,
  seconds: number,
): Promise<LaneArrivals> {
  const { record, nowUs } = await readLane(redis, keys, [], seconds + 1);
  return computeLaneArrivals(record, nowUs, seconds);
}

export function computeLaneArrivals(record: LaneRecord, nowUs: number, seconds: number): LaneArrivals {
  const first = Math.floor(nowUs / 1_000_000) - seconds;
  const tallies = Array.from({ length: seconds }, (_, i) => {
    const there = record.tallies.get((first + i) % TALLY_SECONDS);
    return there?.second === first + i ? there : { granted: 0, refused: 0 };
  });
  return { granted: tallies.map((each) => each.granted), refused: tallies.map((each) => each.refused) };
}

export function computeLaneState(record: LaneRecord, nowUs: number): LaneState {
  const second = Math.floor(nowUs / 1_000_000);
  const lastMinute = [...record.tallies.values()].filter(
    (each) => each.second > second - 60 && each.second <= second,
  );
  const lastSecond = lastMinute.find((each) => each.second === second - 1);
  return {
    ...computeStatus(record),
    quotaPerSecond: record.size,
    effectiveRate: record.rateMilli / 1000,
    marginMs: record.marginUs / 1000,
    grantedLastSecond: lastSecond?.granted ?? 0,
    grantedLastMinute: lastMinute.reduce((sum, each) => sum + each.granted, 0),
    refusedLastMinute: lastMinute.reduce((sum, each) => sum + each.refused, 0),
    grantedTotal: record.seq,
    waitingProcesses: record.line.filter((waiting) => waiting.dueUs + 1_000_000 >= nowUs).length,
  };
}

/** The pause is shown before the gate: while it lasts, not even probes go out. */
function computeStatus(record: LaneRecord): Pick<LaneState, 'status' | 'reason' | 'since' | 'resumesAt'> {
  if (record.pausedSinceUs > 0) {
    return { status: 'paused', reason: record.pausedReason, since: inMs(record.pausedSinceUs) };
  }
  if (record.gate === '') return { status: 'running' };
  return {
    status: record.gate,
    reason: record.gateReason,
    since: inMs(record.gateSinceUs),
    resumesAt: inMs(record.probeAtUs),
  };
}

function inMs(us: number): number {
  return Math.floor(us / 1000);
}
