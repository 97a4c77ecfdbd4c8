import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
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

const FIELDS: readonly string[] = [
  ...LANE_NUMBERS,
  'gate',
  'gateReason',
  'pausedReason',
  'line',
  ...Array.from({ length: TALLY_SECONDS }, (_, index) => `t${index}`),
];

/** Reads the lane; two commands, no ring. */
export async function readLaneState(redis: Redis, keys: LaneKeys): Promise<LaneState> {
  const [time, values] = await Promise.all([redis.time(), redis.hmget(keys.quota(), ...FIELDS)]);
  const [seconds, micros] = time.map(Number);
  const fields = FIELDS.flatMap((name, index): [string, string][] => {
    const value = values[index];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return computeLaneState(
    parseLaneHash(Object.fromEntries(fields)),
    (seconds ?? 0) * 1_000_000 + (micros ?? 0),
  );
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
