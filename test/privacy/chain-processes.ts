import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessOptions, type RunningProcess, startProcess } from '../../dev/start/child.ts';
import { programEntry } from '../support/compiled-program.ts';
import type { Place } from './leak-search.ts';
import { readFiles } from './redis-contents.ts';

/** Processes whose every word is kept. */
export interface WatchedProcesses {
  start(
    folder: ProcessOptions['folder'],
    environment: Readonly<Record<string, string>>,
  ): Promise<RunningProcess>;
  /** What each of them has written so far, standard output and error together. */
  outputs(): Promise<readonly Place[]>;
  /** Those that still run, last one first; then their output is removed. */
  stop(): Promise<void>;
}

export function watchProcesses(): WatchedProcesses {
  const folder = mkdtempSync(join(tmpdir(), 'veriqueue-output-'));
  const parts: RunningProcess[] = [];
  let started = 0;
  return {
    start: async (name, environment) => {
      started += 1;
      const output = openSync(join(folder, `${started}-${name}`), 'a');
      try {
        const part = await startProcess({
          name,
          folder: name,
          entry: await programEntry(`${name}/main`),
          environment: { PATH: process.env['PATH'], ...environment },
          output,
          readyWithinMs: 30_000,
          stopWithinMs: 20_000,
        });
        parts.push(part);
        return part;
      } finally {
        closeSync(output);
      }
    },
    outputs: () => readFiles(folder, 'output'),
    stop: async () => {
      for (const part of parts.toReversed()) await part.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
