import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProducerUnderTest, startProducerUnderTest } from '../../producer/producer-under-test.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { runJson, startCli } from '../run-cli.ts';
import { type BatchFiles, makeBatchFiles, makeRows } from './batch-files.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;
let proxy: CuttingProxy;
let files: BatchFiles;
beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
  proxy = await startCuttingProxy(producer.url);
  files = await makeBatchFiles();
});
afterAll(async () => {
  await proxy.close();
  await producer.close();
  await redis.stop();
  await files.remove();
});

interface Summary {
  readonly rows: number;
  readonly accepted: number;
  readonly acceptedNow: number;
  readonly replayed: number;
  readonly isFinished: boolean;
}

const ROWS = 150;

describe('a batch that is killed twice', { timeout: 120_000 }, () => {
  const environment = () => ({ VERIQUEUE_URL: proxy.url, VERIQUEUE_API_KEY: producer.client.apiKey });
  const args = () => ['batch', files.csv, '--photos', files.photos];
  const rows = makeRows(ROWS);
  const references = async () => {
    const ids = await producer.redis.zrange(producer.keys.clientIndex(producer.client.clientId), '0', '-1');
    const found = ids.map((id) => producer.redis.hget(producer.keys.record(id), 'reference'));
    return (await Promise.all(found)).map(String).sort();
  };

  it('submits every row once', async () => {
    await files.write(rows);
    for (const after of [30, 50]) {
      const run = startCli(args(), environment());
      proxy.cutAfter(after, () => run.kill());
      expect(await run.ended).toBe('SIGKILL');
    }
    const before = await references();
    // The second run's fifty begin with what was under way when the first was killed.
    expect(before.length).toBeGreaterThanOrEqual(50);
    expect(before.length).toBeLessThan(ROWS);

    const summary = await runJson<Summary>(args(), environment());
    expect(summary).toMatchObject({ rows: ROWS, accepted: ROWS, isFinished: true, bad: 0, unknown: 0 });
    // What the second kill cut off had been accepted, and was found out to be.
    expect(summary.replayed).toBeGreaterThanOrEqual(1);
    expect(await references()).toEqual(rows.map(({ reference }) => String(reference)).sort());
  });

  it('has one result for each row', async () => {
    const results = await files.read('people.results.csv');
    expect(results.map(({ line }) => Number(line)).sort((a, b) => a - b)).toEqual(rows.map((_, i) => i + 2));
    expect(new Set(results.map(({ id }) => id)).size).toBe(ROWS);
    for (const { line, reference } of results) expect(reference).toBe(rows[Number(line) - 2]?.['reference']);
  });

  it('leaves a journal that only its owner may read, without anybody in it', async () => {
    expect((await stat(files.path('people.results.csv.journal'))).mode & 0o777).toBe(0o600);
    const journal = await files.text('people.results.csv.journal');
    for (const { idCard = '', name = '' } of rows) {
      expect(journal).not.toContain(idCard);
      expect(journal).not.toContain(name);
    }
    expect(journal).not.toContain(producer.client.apiKey);
  });

  it('has nothing left to do when it is run again', async () => {
    const submissions = proxy.submissions;
    expect(await runJson<Summary>(args(), environment())).toMatchObject({ accepted: ROWS, acceptedNow: 0 });
    expect(proxy.submissions).toBe(submissions);
  });
});
