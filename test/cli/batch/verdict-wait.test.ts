import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createReferences } from '../../../cli/batch/references.ts';
import { runBatch } from '../../../cli/batch/run-batch.ts';
import { Veriqueue } from '../../../client/veriqueue.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../../producer/producer-under-test.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type BatchFiles, makeBatchFiles, makeRows } from './batch-files.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;
let files: BatchFiles;
beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
beforeEach(async () => {
  files = await makeBatchFiles();
});
afterEach(() => files.remove());
afterAll(async () => {
  await producer.close();
  await redis.stop();
});

/** Longer than a batch waits between two looks. */
const SLOW_MS = 5_000;
const BEHIND_MS = 1_000;

/**
 * Knows a verdict of everything. The first question fails; the second is answered late: when the batch asks again meanwhile, or
 * could have.
 */
async function startVerdicts() {
  let questions = 0;
  let askedAgain: () => void = () => undefined;
  const again = new Promise<void>((resolve) => {
    askedAgain = resolve;
  });
  const server = createServer(async (request, response) => {
    questions += 1;
    const nth = questions;
    if (nth === 1) return void response.writeHead(500).end();
    if (nth === 2) await Promise.race([delay(SLOW_MS), again]);
    if (nth > 3) {
      askedAgain();
      await delay(BEHIND_MS);
    }
    const id = String(request.url).split('/').at(-1);
    const completedAt = new Date().toISOString();
    const outcome = { verdict: 'match', code: 'Success', sim: 90, action: 'none', completedAt };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id, reference: null, status: 'completed', outcome }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

it('writes one result for a row whose verdict is late while the question for another fails', {
  timeout: 60_000,
}, async () => {
  await files.write(makeRows(2));
  const { apiKey } = producer.client;
  const verdicts = await startVerdicts();
  const run = (awaitsVerdicts: boolean) =>
    runBatch(
      {
        openSubmissions: (fetch) => new Veriqueue({ url: producer.url, apiKey, maxRetries: 0, fetch }),
        questions: new Veriqueue({ url: verdicts.url, apiKey }),
        apiKey,
        stopped: new AbortController().signal,
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
          now: Date.now,
        },
        awaitsVerdicts,
        resubmitsUnknown: false,
        trustInput: false,
        concurrency: 2,
      },
    );
  try {
    // A run of its own submits, so that the next one asks for both at once.
    await run(false);
    expect(await run(true)).toMatchObject({ answered: 2, isFinished: true, verdicts: { match: 2 } });
    expect((await files.read('results.csv')).map(({ line }) => line).sort()).toEqual(['2', '3']);
  } finally {
    await verdicts.close();
  }
});
