import { spawnSync } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createReferences } from '../../../cli/batch/references.ts';
import { type BatchReport, runBatch } from '../../../cli/batch/run-batch.ts';
import { Veriqueue } from '../../../client/veriqueue.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../../producer/producer-under-test.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
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
});
beforeEach(async () => {
  files = await makeBatchFiles();
});
afterEach(() => files.remove());
afterAll(async () => {
  await proxy.close();
  await producer.close();
  await redis.stop();
});

const HOUR_MS = 3_600_000;

/** One run, in this process, so that it can take place tomorrow. */
function run({
  at = Date.now(),
  apiKey = producer.client.apiKey,
  ...options
}: {
  readonly at?: number;
  readonly apiKey?: string;
  readonly resubmitsUnknown?: boolean;
  readonly trustInput?: boolean;
  readonly stopped?: AbortSignal;
}): Promise<BatchReport> {
  const client = (maxRetries: number, fetch = globalThis.fetch) =>
    new Veriqueue({ url: proxy.url, apiKey, maxRetries, fetch });
  return runBatch(
    {
      openSubmissions: (fetch) => client(0, fetch),
      questions: client(4),
      apiKey,
      stopped: options.stopped ?? new AbortController().signal,
      random: Math.random,
      onProgress: () => undefined,
    },
    {
      file: { path: files.csv, format: 'csv' },
      paths: {
        results: files.path('results.csv'),
        bad: files.path('bad.csv'),
        journal: files.path('results.csv.journal'),
      },
      rules: {
        photoFolder: files.photos,
        references: createReferences(),
        allowCheckDigitFailure: false,
        now: () => at,
      },
      awaitsVerdicts: false,
      resubmitsUnknown: options.resubmitsUnknown ?? false,
      trustInput: options.trustInput ?? false,
      concurrency: 1,
    },
  );
}

const count = () => producer.redis.zcard(producer.keys.clientIndex(producer.client.clientId));

it('goes on only with the rows it has submitted as they were, and with its own API key', async () => {
  const rows = makeRows(3);
  const rest = rows.slice(1);
  const anotherPerson = { ...makeRows(1)[0], reference: 'order-0' };
  await files.write(rows.slice(0, 2));
  await run({});
  const before = await count();

  await files.write([anotherPerson, ...rest]);
  await expect(run({})).rejects.toThrow(/have changed \(others at line 2\)\./);
  await files.write(rest);
  await expect(run({})).rejects.toThrow(/have changed/);
  await files.write(rows.slice(0, 1));
  await expect(run({})).rejects.toThrow(/have changed \(fewer\)\./);
  await files.write(rows);
  const other = await producer.addClient();
  await expect(run({ apiKey: other.apiKey })).rejects.toThrow(/begun with another API key/);
  expect(await count()).toBe(before);

  expect(await run({})).toMatchObject({ accepted: 3, acceptedNow: 1 });
});

it('keeps a second run away, but not from what a killed one has left', async () => {
  await files.write(makeRows(1));
  const lock = files.path('results.csv.journal.lock');
  const holder = (pid: number) => JSON.stringify({ pid, host: hostname() });
  await writeFile(lock, holder(process.ppid));
  await expect(run({})).rejects.toThrow(/Process \d+ on .* is running this batch/);
  expect(await files.text('results.csv.journal.lock')).toBe(holder(process.ppid));

  const killed = spawnSync(process.execPath, ['--version']).pid;
  await writeFile(lock, holder(killed));
  expect(await run({})).toMatchObject({ accepted: 1, isFinished: true });
  await expect(files.text('results.csv.journal.lock')).rejects.toThrow(/ENOENT/);
});

it('leaves a row alone whose fate the server has forgotten, until the caller asks to submit it again', async () => {
  const rows = makeRows(5);
  await files.write(rows);
  const now = Date.now();
  const end = new AbortController();
  // The third row is accepted, and its answer gets lost.
  proxy.cutAfter(3, () => end.abort());
  const before = await count();
  expect(await run({ at: now, stopped: end.signal })).toMatchObject({ accepted: 2, isFinished: false });
  expect((await count()) - before).toBe(3);

  const tomorrow = await run({ at: now + 25 * HOUR_MS });
  expect(tomorrow).toMatchObject({ accepted: 4, bad: 0, unknown: 1 });
  expect((await count()) - before).toBe(5);
  expect(await files.read('bad.csv')).toMatchObject([
    { line: '4', reference: 'order-2', code: 'fate_unknown' },
  ]);

  const resubmitted = await run({ at: now + 26 * HOUR_MS, resubmitsUnknown: true });
  expect(resubmitted).toMatchObject({ accepted: 5, acceptedNow: 1, unknown: 0, isFinished: true });
  // The server's clock has not moved: it remembers, and nothing is twice.
  expect([resubmitted.replayed, (await count()) - before]).toEqual([1, 5]);
});

it('does not take a row for refused that an earlier run may have submitted, when its photo is gone meanwhile', async () => {
  await files.write(makeRows(2));
  const now = Date.now();
  const end = new AbortController();
  // The second row is accepted, and its answer lost.
  proxy.cutAfter(2, () => end.abort());
  expect(await run({ at: now, stopped: end.signal })).toMatchObject({ accepted: 1, isFinished: false });

  await rename(files.path('photos/1.jpg'), files.path('away.jpg'));
  expect(await run({ at: now })).toMatchObject({ accepted: 1, bad: 1, unknown: 0 });
  await rename(files.path('away.jpg'), files.path('photos/1.jpg'));

  // By now the server could have forgotten its key, and would take it a second time.
  expect(await run({ at: now + 25 * HOUR_MS })).toMatchObject({ accepted: 1, bad: 0, unknown: 1 });
});
