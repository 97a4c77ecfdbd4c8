import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second towards programs, whatever its own clock does (`getconf CLK_TCK`). */
const MICROS_PER_TICK = 10_000;

/** @throws Error where the system has no /proc */
export function requireProc(): void {
  if (!existsSync('/proc/self/smaps_rollup')) {
    throw new Error(
      'Cannot measure: the system must be Linux, whose /proc has the processor time of each process',
    );
  }
}

/** Processor time that a process has used so far, system time included, in µs. @throws when it has ended */
export function readCpuMicros(pid: number): number {
  // The name stands in parentheses and may hold anything, spaces and parentheses included.
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** A process and all that come from it. */
export function readFamily(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readParent(name) === pid)
    .map(Number);
  return [pid, ...children.flatMap((child) => readFamily(child))];
}

/** NaN where the process has ended. */
function readParent(pid: string): number {
  const path = `/proc/${pid}/status`;
  return existsSync(path) ? Number(/^PPid:\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1]) : Number.NaN;
}

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
