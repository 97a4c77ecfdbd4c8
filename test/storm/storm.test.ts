import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../support/needs-redis.ts';
import { requireRedisBinary } from '../support/redis-binary.ts';
import { renderTotals } from './report.ts';
import { runStorm } from './run-storm.ts';
import { computeSchedule, faultKinds } from './schedule.ts';
import { startVeriqueue } from './veriqueue-system.ts';

const SEED = 20_260_302;
const JOBS = 150;

/** A storm ends by what happens, not by the clock; this is for a machine that does much else. */
const LIMIT_MS = 400_000;

const stop = new AbortController();
let redisBinary: string;
beforeAll(async () => {
  redisBinary = await requireRedisBinary();
});
// A test that ran out of time leaves nothing running behind.
afterAll(() => stop.abort(new Error('The test is over')));

describe(`a storm of every kind of fault over ${JOBS} verifications`, () => {
  test(
    'breaks no promise',
    async () => {
      const scheduled = new Set(computeSchedule(SEED, JOBS).map(({ kind }) => kind));
      expect(scheduled).toEqual(new Set(faultKinds));
      const report = await runStorm({
        name: `seed ${SEED}`,
        seed: SEED,
        jobs: JOBS,
        workers: 3,
        quotaPerSecond: 100,
        fsync: 'always',
        keep: false,
        redisBinary,
        startSystem: startVeriqueue,
        signal: stop.signal,
        say: (line) => void process.stdout.write(`${line}\n`),
      });
      process.stdout.write(`${renderTotals([report])}\n`);
      expect(report.judgement.accepted).toBeGreaterThan(JOBS / 2);
      expect(report.stories).toEqual([]);
    },
    LIMIT_MS,
  );
});
