import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verification, verificationPage } from '../../shared/contract/verification.ts';
import { redisSubjects } from '../../shared/store/subjects/redis-subjects.ts';
import { claimVerification } from '../../shared/store/verifications/claim.ts';
import { recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { storeOf } from '../support/records.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import {
  type ProducerUnderTest,
  readProblem,
  scanKeys,
  startProducerUnderTest,
} from './producer-under-test.ts';
import { makeSubmission } from './submission-builder.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

const show = (id: string) => producer.call(`/v1/verifications/${id}`);

async function list(query: string, as = producer.client) {
  const answer = await producer.call(`/v1/verifications?${query}`, { as });
  expect(answer.status).toBe(200);
  return verificationPage.parse(await answer.json());
}

/** As a worker does right before it asks the upstream. */
async function claim(id: string) {
  await claimVerification(
    { ...storeOf(producer.redis, producer.keys), workerId: 'w1', subjects: redisSubjects },
    { id, clientId: producer.client.clientId, token: makeRunToken(), day: '2020-01-01' },
  );
}

describe('showing a verification', () => {
  test('gives it to its client as it was submitted', async () => {
    const submitted = await producer.submitted(makeSubmission({ reference: 'r1' }));
    const answer = await show(submitted.id);
    const shown = verification.parse(await answer.json());
    expect(answer.status).toBe(200);
    expect({ ...shown, estimatedCompletionAt: null }).toEqual({ ...submitted, estimatedCompletionAt: null });
  });

  test('says when it is worth asking again, until it is final', async () => {
    const { id } = await producer.submitted();
    expect(Number((await show(id)).headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
    expect((await show(id)).headers.get('retry-after')).toBeNull();
  });

  test('counts places by priority first, then by arrival', async () => {
    const own = await startProducerUnderTest(redis.url);
    try {
      const bulk = await own.submitted(makeSubmission({ priority: 'bulk' }));
      const first = await own.submitted();
      const second = await own.submitted();
      expect([bulk.position, first.position, second.position]).toEqual([1, 1, 2]);
      const places = await Promise.all(
        [first, second, bulk].map(async ({ id }) => {
          const answer = await own.call(`/v1/verifications/${id}`);
          return verification.parse(await answer.json()).position;
        }),
      );
      expect(places).toEqual([1, 2, 3]);
    } finally {
      await own.close();
    }
  });

  test.each([
    ['an unknown id', 'ver_01h455vb4pex5vsknk084sn02q'],
    ['what cannot be an id', 'ver_1'],
    ['an id with a slash in disguise', 'ver_%2F..%2F..'],
    ['a very long id', `ver_${'a'.repeat(300)}`],
  ])('is 404 for %s', async (_name, id) => {
    for (const path of [`/v1/verifications/${id}`, `/v1/verifications/${id}/deliveries`]) {
      const answer = await producer.call(path);
      expect([answer.status, (await readProblem(answer)).code]).toEqual([404, 'not_found']);
    }
  });

  test('is 404 for another client’s id, in every way to ask', async () => {
    const other = await producer.addClient();
    const { id } = await producer.submitted();
    const answers = await Promise.all([
      producer.call(`/v1/verifications/${id}`, { as: other }),
      producer.call(`/v1/verifications/${id}/deliveries`, { as: other }),
      producer.call(`/v1/verifications/${id}`, { as: other, method: 'DELETE' }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404]);
    expect((await list('', other)).data).toEqual([]);
    expect((await show(id)).status).toBe(200);
  });

  test('is 404 for a record that cannot be read, which stays where it is', async () => {
    const { id } = await producer.submitted();
    await producer.redis.hset(producer.keys.record(id), 'submittedAt', 'yesterday');
    expect((await show(id)).status).toBe(404);
    const page = await list('limit=100');
    expect(page.data.some((each) => each.id === id)).toBe(false);
    await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
  });
});

describe('the list', () => {
  test('pages through all of a client’s verifications, newest first, each once', async () => {
    const as = await producer.addClient();
    const headers = { authorization: `Bearer ${as.apiKey}` };
    const submitted = await Promise.all(
      Array.from({ length: 25 }, () => producer.submitted(makeSubmission(), headers)),
    );
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await list(`limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`, as);
      expect(page.data.length).toBeLessThanOrEqual(7);
      seen.push(...page.data.map((each) => each.id));
      const times = page.data.map((each) => each.submittedAt);
      expect(times).toEqual([...times].sort().reverse());
      cursor = page.nextCursor;
    }
    expect([...seen].sort()).toEqual(submitted.map((each) => each.id).sort());
  });

  test('filters by status', async () => {
    const as = await producer.addClient();
    const headers = { authorization: `Bearer ${as.apiKey}` };
    const [kept, cancelled] = await Promise.all([
      producer.submitted(makeSubmission(), headers),
      producer.submitted(makeSubmission(), headers),
    ]);
    await producer.call(`/v1/verifications/${cancelled.id}`, { as, method: 'DELETE' });
    expect((await list('status=queued', as)).data.map((each) => each.id)).toEqual([kept.id]);
    expect((await list('status=cancelled', as)).data.map((each) => each.id)).toEqual([cancelled.id]);
    expect((await list('status=held', as)).data).toEqual([]);
  });

  test.each([
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['limit=ten', '/limit'],
    ['limit=1&limit=2', '/limit'],
    ['status=done', '/status'],
    ['cursor=abc', '/cursor'],
    [`cursor=${Buffer.from('1.ver_x').toString('base64url')}`, '/cursor'],
    ['page=2', '/page'],
  ])('refuses the query %s by its parameter', async (query, pointer) => {
    const answer = await producer.call(`/v1/verifications?${query}`);
    const problem = await readProblem(answer);
    expect([answer.status, problem.code, problem.errors?.[0]?.pointer]).toEqual([
      422,
      'invalid_query',
      pointer,
    ]);
  });
});

describe('a held lane', () => {
  test('shows its queued verifications as held, and promises no time', async () => {
    const own = await startProducerUnderTest(redis.url);
    try {
      const { id } = await own.submitted();
      await own.redis.hset(own.accountKeys.quota(), {
        gate: 'held',
        gateReason: 'UnauthorizedOperation.Arrears',
        gateSinceUs: '1700000000000000',
        probeAtUs: '1700000060000000',
      });
      await expect
        .poll(async () => verification.parse(await (await own.call(`/v1/verifications/${id}`)).json()))
        .toMatchObject({ status: 'held', position: 1, estimatedCompletionAt: null });
      const page = async (status: string) =>
        verificationPage.parse(await (await own.call(`/v1/verifications?status=${status}`)).json()).data
          .length;
      expect([await page('held'), await page('queued')]).toEqual([1, 0]);
      const lane = await (await own.call('/v1/lane')).json();
      expect(lane).toMatchObject({
        status: 'held',
        reason: 'UnauthorizedOperation.Arrears',
        since: '2023-11-14T22:13:20.000Z',
        resumesAt: '2023-11-14T22:14:20.000Z',
        estimatedWaitSeconds: null,
      });
      expect((await fetch(`${own.url}/readyz`)).status).toBe(200);
    } finally {
      await own.close();
    }
  });
});

describe('cancelling', () => {
  test('removes both jobs and the subject and shows the verification cancelled, twice the same', async () => {
    const { id } = await producer.submitted();
    for (let i = 0; i < 2; i += 1) {
      const answer = await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
      expect(answer.status).toBe(200);
      expect(verification.parse(await answer.json())).toMatchObject({
        id,
        status: 'cancelled',
        position: null,
      });
    }
    const left = (await scanKeys(producer)).filter((key) => key.includes(id));
    expect(left).toEqual([producer.keys.record(id)]);
  });

  test('is too late once a worker has claimed it', async () => {
    const { id } = await producer.submitted();
    await claim(id);
    const answer = await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
    expect([answer.status, (await readProblem(answer)).code]).toEqual([409, 'too_late']);
    const shown = verification.parse(await (await show(id)).json());
    expect(shown).toMatchObject({ status: 'verifying', position: null });
  });

  test('holds even when a worker has locked the job already', async () => {
    const { id } = await producer.submitted();
    const { queuePrefix, verificationQueue } = producer.keys;
    await producer.redis.set(`${queuePrefix}:${verificationQueue}:${id}:lock`, 'token');
    const answer = await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
    expect(answer.status).toBe(200);
    expect(await producer.redis.exists(producer.keys.subject(id))).toBe(0);
  });
});

describe('the delivery log', () => {
  test('is empty before there is an event, and shows each attempt, oldest first', async () => {
    const { id } = await producer.submitted();
    const read = async () => (await producer.call(`/v1/verifications/${id}/deliveries`)).json();
    expect(await read()).toEqual({ data: [] });
    const attempt = {
      at: '2024-01-01T00:00:00.000Z',
      durationMs: 12,
      status: 500,
      errorClass: null,
      answer: 'no',
    };
    const unreached = { ...attempt, status: null, errorClass: 'forbidden_address', answer: '' };
    for (const each of [attempt, unreached]) {
      await recordDelivery(producer.redis, producer.keys, {
        run: makeRunToken(),
        id,
        status: 'retrying',
        nextAttemptAt: Date.now(),
        attempt: each,
        now: Date.now(),
        keepUntil: null,
      });
    }
    // A client does not learn what its name resolved to.
    expect(await read()).toEqual({ data: [attempt, { ...unreached, errorClass: 'refused' }] });
  });
});
