import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/support/long-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    runner: './test/support/skipping-runner.ts',
    reporters: ['default', './test/support/missing-tools-reporter.ts'],
    // A machine that runs the tests may be busy with twenty other things. A test that hangs is the only one that pays for it.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // Every file starts a Redis and processes of its own, and most of its time it waits for them: one file more than there are
    // cores keeps those busy.
    maxWorkers: Math.min(availableParallelism(), 7) + 1,
    pool: 'forks',
    sequence: { sequencer: LongFirst },
  },
});
