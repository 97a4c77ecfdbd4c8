import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBenchProducer, startBenchWorker } from '../../bench/bench-process.ts';
import { builtEntry } from '../../bench/built-entry.ts';
import { CONTENDERS } from '../../bench/peers/choose-contenders.ts';
import { ROLES } from '../../bench/peers/contender.ts';
import { runPeersBench } from '../../bench/peers/peers-bench.ts';
import type { Row } from '../../bench/peers/present-rows.ts';
import { findSidekiq } from '../../bench/peers/sidekiq-process.ts';
import { makeKeyText } from '../../bench/submitter.ts';
import type { RunningProcess } from '../../dev/start/child.ts';
import { hasProc } from '../support/has-proc.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

// One file, because both compile into the same folder, and files run at the same time.
beforeAll(() => builtEntry('worker/main'), 600_000);

describe("the benchmarks' compiled processes", () => {
  let redis: TestRedis;
  const running: RunningProcess[] = [];

  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(async () => {
    await Promise.all(running.map((process) => process.stop()));
    await redis.stop();
  });

  it.each([
    ['the worker', startBenchWorker, { FACEID_ENDPOINT: 'http://127.0.0.1:9' }],
    ['the producer', startBenchProducer, {}],
  ])(
    'include %s with all that it reads at its start',
    async (_, start, environment) => {
      running.push(await start({ redisUrl: redis.url, lane: 'bench', keyText: makeKeyText(), environment }));
    },
    300_000,
  );
});

const PHOTO_BYTES = 3_000;
const hasSidekiq = findSidekiq() !== undefined;
const here = CONTENDERS.filter((name) => hasSidekiq || !name.startsWith('sidekiq'));

describe.skipIf(!hasProc)('the comparison with peers, which needs /proc', () => {
  const lines: string[] = [];
  let rows: readonly Row[];

  beforeAll(async () => {
    const say = (line: string) => void lines.push(line);
    const options = { rounds: 1, photoBytes: [PHOTO_BYTES], verifications: 40, concurrency: 8, say };
    rows = (await runPeersBench(options)).get(PHOTO_BYTES) ?? [];
  }, 600_000);

  it('measures every contender in each round', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(here.toSorted());
    for (const { measures } of rows) {
      expect(measures).toHaveLength(1);
      expect(measures.every(({ rate }) => rate > 0)).toBe(true);
    }
  });

  it('knows the memory of every process of a contender, and of no other', () => {
    for (const { name, measures } of rows) {
      const overHttp = name.endsWith('-json') || name.endsWith('-form');
      const present = ROLES.filter((role) => (measures[0]?.pssMb[role] ?? 0) > 0);
      expect([name, present]).toEqual([name, ROLES.filter((role) => role !== 'producer' || overHttp)]);
    }
  });

  it('prints a row of each contender, and the load of other processes', () => {
    for (const name of here) expect(lines.join('\n')).toContain(`| ${name} |`);
    expect(lines.join('\n')).toMatch(/others \d+ \(\d+–\d+\) % of all processors/);
  });
});
