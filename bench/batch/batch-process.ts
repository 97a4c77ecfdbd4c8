import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BatchFiles } from './batch-files.ts';

export interface BatchRun {
  readonly accepted: number;
  /** From the first acceptance seen to the last. */
  readonly seconds: number;
  readonly peakRssMb: number;
  /** The exit code, or the signal that ended it. */
  readonly ended: number | NodeJS.Signals;
}

export interface BatchRunOptions {
  readonly files: BatchFiles;
  readonly url: string;
  readonly apiKey: string;
  /** How many verifications of this client the server has. */
  readonly countAccepted: () => Promise<number>;
  /** Killed as soon as the server has so many. */
  readonly killAt: number;
}

const LOOK_EVERY_MS = 100;

/** Runs `veriqueue batch` as a process of its own, watched from outside: by the server's count and the system's. */
export async function runBatchProcess(options: BatchRunOptions): Promise<BatchRun> {
  const { files, url, apiKey, countAccepted, killAt } = options;
  const before = await countAccepted();
  const child = spawn(
    process.execPath,
    ['bin/veriqueue.js', 'batch', files.csv, '--photos', files.photos, '--json'],
    {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: { PATH: process.env['PATH'], VERIQUEUE_URL: url, VERIQUEUE_API_KEY: apiKey },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  const seen = { first: 0, last: 0, count: before };
  let peakRssMb = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peakRssMb = Math.max(peakRssMb, readPeakRssMb(child));
    const count = await countAccepted();
    const now = performance.now();
    if (count > seen.count) {
      seen.first = seen.first === 0 ? now : seen.first;
      seen.last = now;
      seen.count = count;
    }
    if (count >= killAt) child.kill('SIGKILL');
    await delay(LOOK_EVERY_MS);
  }
  const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null];
  return {
    accepted: (await countAccepted()) - before,
    seconds: (seen.last - seen.first) / 1000,
    peakRssMb,
    ended: code ?? signal ?? 'SIGKILL',
  };
}

/** As the system counts it; 0 once the process is gone. */
function readPeakRssMb({ pid }: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
