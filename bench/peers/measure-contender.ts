import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { SubmissionOrder } from '../chain/chain.ts';
import type { Child } from '../child.ts';
import { type Contender, ROLES, type Role } from './contender.ts';
import { readCpuMicros, readPssMb, watchOthers } from './read-process.ts';

/** One run of one contender. */
export interface Measure {
  /** Verifications a second, from the first submission to the last event at the receiver. */
  readonly rate: number;
  /** µs of processor time for a verification. */
  readonly cpuMicros: Readonly<Record<Role, number>>;
  readonly stubMicros: number;
  /** The most that was seen, in MB. */
  readonly pssMb: Readonly<Record<Role, number>>;
  /** What processes that are none of this benchmark's used of all processors, in percent. */
  readonly othersPercent: number;
  readonly repeats: number;
}

export interface MeasureOptions {
  readonly receiver: Child;
  readonly stubs: readonly number[];
}

const LOOK_EVERY_MS = 400;
/** What follows the last event is a contender's own, and must not be counted against the next one. */
const QUIET_MS = 200;
const QUIET_MICROS = 20_000;
const QUIET_AFTER_LOOKS = 25;

const zeros: Readonly<Record<Role, number>> = { server: 0, worker: 0, producer: 0, client: 0 };

export async function measureContender(
  { submit, processes }: Contender,
  order: SubmissionOrder,
  { receiver, stubs }: MeasureOptions,
): Promise<Measure> {
  const perRole = (read: (pid: number) => number): Record<Role, number> => {
    const values = { ...zeros };
    for (const role of ROLES) {
      const pid = processes[role];
      if (pid !== undefined) values[role] = read(pid);
    }
    return values;
  };
  const own = Object.values(processes).filter((pid) => pid !== undefined);
  const before = { cpu: perRole(readCpuMicros), stubs: sumCpu(stubs) };
  const readOthers = watchOthers();
  let pssMb = perRole(readPssMb);
  const look = () => {
    const now = perRole(readPssMb);
    pssMb = combine(pssMb, now, Math.max);
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  const allReceived = receiver.ask({ expect: order.count });
  const startedAt = performance.now();
  let repeats: number;
  let seconds: number;
  try {
    [repeats] = await Promise.all([submit(order), allReceived]);
    seconds = (performance.now() - startedAt) / 1000;
    await untilQuiet(own);
  } finally {
    clearInterval(looking);
  }
  look();
  const after = { cpu: perRole(readCpuMicros), stubs: sumCpu(stubs) };
  const othersPercent = readOthers() ?? Number.NaN;
  return {
    rate: order.count / seconds,
    cpuMicros: combine(after.cpu, before.cpu, (later, earlier) => (later - earlier) / order.count),
    stubMicros: (after.stubs - before.stubs) / order.count,
    pssMb,
    othersPercent,
    repeats,
  };
}

function combine(
  one: Readonly<Record<Role, number>>,
  other: Readonly<Record<Role, number>>,
  by: (one: number, other: number) => number,
): Record<Role, number> {
  const values = { ...zeros };
  for (const role of ROLES) values[role] = by(one[role], other[role]);
  return values;
}

const sumCpu = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + readCpuMicros(pid), 0);

async function untilQuiet(pids: readonly number[]): Promise<void> {
  let earlier = sumCpu(pids);
  for (let look = 0; look < QUIET_AFTER_LOOKS; look += 1) {
    await delay(QUIET_MS);
    const now = sumCpu(pids);
    if (now - earlier < QUIET_MICROS) return;
    earlier = now;
  }
}
