import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second towards programs, whatever its own clock does (`getconf CLK_TCK`). */
const MICROS_PER_TICK = 10_000;

export const hasProc = (): boolean => existsSync('/proc/self/smaps_rollup');

/** @throws Error where the system has no /proc */
export function requireProc(): void {
  if (!hasProc()) {
    throw new Error(
      'Cannot measure: the system must be Linux, whose /proc has the processor time of each process',
    );
  }
}

/** Processor time that a process has used so far, system time included, in µs. @throws when it has ended */
export function readCpuMicros(pid: number): number {
  return readStat(pid).ownMicros;
}

interface ProcessStat {
  readonly parent: number;
  readonly ownMicros: number;
  /** Of children that have ended, and of those that these had. */
  readonly endedMicros: number;
}

/** @throws when it has ended */
function readStat(pid: number): ProcessStat {
  // The name stands in parentheses and may hold anything, spaces and parentheses included.
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticksOf = (field: number) => fields[field] ?? Number.NaN;
  return {
    parent: ticksOf(1),
    ownMicros: (ticksOf(11) + ticksOf(12)) * MICROS_PER_TICK,
    endedMicros: (ticksOf(13) + ticksOf(14)) * MICROS_PER_TICK,
  };
}

/** What a process and all that come from it have used so far, those that have ended included, in µs. */
export function readFamilyCpuMicros(pid: number): number {
  const stats = readStats();
  const sum = (each: number): number => {
    const { ownMicros = 0, endedMicros = 0 } = stats.get(each) ?? {};
    const children = [...stats].filter(([, { parent }]) => parent === each);
    return children.reduce((total, [child]) => total + sum(child), ownMicros + endedMicros);
  };
  return sum(pid);
}

/** Of all processes there are. One that ends meanwhile is left out. */
function readStats(): ReadonlyMap<number, ProcessStat> {
  const stats = new Map<number, ProcessStat>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      stats.set(Number(name), readStat(Number(name)));
    } catch (error) {
      if (!hasEnded(error)) throw error;
    }
  }
  return stats;
}

const hasEnded = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');

/** Memory of a process, what it shares counted in parts, in MB; 0 once it has ended. */
export function readPssMb(pid: number): number {
  const path = `/proc/${pid}/smaps_rollup`;
  if (!existsSync(path)) return 0;
  const text = readFileSync(path, 'utf8');
  return (Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) * 1024) / 1_000_000;
}

export interface MachineTime {
  /** Of all processors together, in µs. */
  readonly busyMicros: number;
  readonly wholeMicros: number;
}

/** What the whole machine has used so far; what a hypervisor took away counts as busy. */
export function readMachineTime(): MachineTime {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  // user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user already.
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const whole = ticks.reduce((sum, value) => sum + value, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busyMicros: (whole - idle) * MICROS_PER_TICK, wholeMicros: whole * MICROS_PER_TICK };
}

/**
 * Watches from now on what processes outside of this benchmark use.
 *
 * @returns reads it: the part of all processors that they have used since, in percent; undefined where the system has no /proc
 */
export function watchOthers(): () => number | undefined {
  if (!hasProc()) return () => undefined;
  const before = { own: readFamilyCpuMicros(process.pid), machine: readMachineTime() };
  return () => {
    const own = readFamilyCpuMicros(process.pid) - before.own;
    const machine = readMachineTime();
    const busyMicros = machine.busyMicros - before.machine.busyMicros;
    const wholeMicros = machine.wholeMicros - before.machine.wholeMicros;
    return Math.max(0, (100 * (busyMicros - own)) / wholeMicros);
  };
}
