import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CoveringTests } from './covering-tests.ts';
import { applyMutant, describeMutant, type Mutant } from './mutant.ts';

export interface MutationRun {
  /** A checkout of its own: the files of the mutants are changed in it. */
  readonly folder: string;
  readonly mutants: readonly Mutant[];
  readonly covering: CoveringTests;
  /** For each mutant, the nearest ones. */
  readonly testFiles: number;
  readonly say: (line: string) => void;
}

type Fate = 'killed' | 'timed out' | 'survived' | 'untested';

/** The nearest tests usually notice; the others are only started for what they have missed. */
const FIRST_TESTS = 3;
/** A mutant that never ends counts as killed. */
const WITHIN_MS = 240_000;

/** Runs the tests against each mutant, and ends with the figures and the survivors. */
export async function runMutants({ folder, mutants, covering, testFiles, say }: MutationRun): Promise<void> {
  const survivors: string[] = [];
  const counts = new Map<string, Record<Fate, number>>();
  for (const [index, mutant] of mutants.entries()) {
    const path = join(folder, mutant.file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, applyMutant(source, mutant));
    const began = Date.now();
    const fate = await test(folder, covering.of(mutant.file).slice(0, testFiles));
    writeFileSync(path, source);
    const line = describeMutant(source, mutant);
    say(`${index + 1}/${mutants.length} ${fate} in ${Math.round((Date.now() - began) / 1000)} s: ${line}`);
    if (fate === 'survived' || fate === 'untested') survivors.push(line);
    const count = counts.get(mutant.language) ?? { killed: 0, 'timed out': 0, survived: 0, untested: 0 };
    count[fate] += 1;
    counts.set(mutant.language, count);
  }
  say(`\nSurvivors:${survivors.map((line) => `\n  ${line}`).join('') || ' none'}`);
  for (const [language, count] of counts) {
    const killed = count.killed + count['timed out'];
    const total = killed + count.survived + count.untested;
    say(
      `${language}: ${killed} of ${total} killed (${count['timed out']} by time), ${count.untested} without a test`,
    );
  }
}

async function test(folder: string, files: readonly string[]): Promise<Fate> {
  if (files.length === 0) return 'untested';
  for (const part of [files.slice(0, FIRST_TESTS), files.slice(FIRST_TESTS)]) {
    if (part.length === 0) continue;
    const outcome = await runVitest(folder, part);
    if (outcome !== 'passed') return outcome;
  }
  return 'survived';
}

async function runVitest(
  folder: string,
  files: readonly string[],
): Promise<'killed' | 'timed out' | 'passed'> {
  const options = ['--bail', '1', '--maxWorkers', '1', '--reporter', 'dot'];
  // A group of its own, so that what the tests have started ends with them.
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files, ...options], {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, WITHIN_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  if (isLate) return 'timed out';
  return code === 0 ? 'passed' : 'killed';
}
