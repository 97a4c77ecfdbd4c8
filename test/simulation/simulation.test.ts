import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

/** How many seeds run with the other tests: `npm run simulate -- --seeds 200` runs more. */
const SEEDS = Number(process.env['SIMULATED_SEEDS'] ?? 4);

/** A simulation does not wait; this is for a machine that does much else. */
const LIMIT_MS = 600_000;

/** Plans that have failed once, shortened: `npm run simulate -- --seed N --shrink` prints one. */
const plans = fileURLToPath(new URL('plans', import.meta.url));

const run = promisify(execFile);

async function simulate(...options: readonly string[]): Promise<string> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const { stdout } = await run(process.execPath, ['--import', 'tsx', main, '--processes', '1', ...options], {
    maxBuffer: 1e8,
  }).catch((error: { readonly stdout?: string }) => {
    throw new Error(`A promise was broken:\n${error.stdout ?? String(error)}`);
  });
  return stdout;
}

const digests = (output: string): string[] =>
  output.split('\n').filter((line) => /^\d+ [0-9a-f]{16}$/.test(line));

describe('the whole chain under a clock of its own', () => {
  test(
    'keeps every promise, and the same seed has the same trace in another process, whatever ran before it',
    async () => {
      const [all, last] = await Promise.all([
        simulate('--seed', '1', '--seeds', String(SEEDS), '--digests', '--plans', plans),
        simulate('--seed', String(SEEDS), '--seeds', '1', '--digests'),
      ]);
      expect(digests(all)).toHaveLength(SEEDS + readdirSync(plans).length);
      expect(digests(last)).toEqual(digests(all).slice(-1));
    },
    LIMIT_MS,
  );
});
