import { defineConfig } from 'vitest/config';

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
    // Every file starts its own Redis, and two cores run them: more files at once only wait for each other.
    maxWorkers: 2,
    pool: 'forks',
  },
});
