import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import {
  type ProducerUnderTest,
  readProblem,
  scanKeys,
  startProducerUnderTest,
} from './producer-under-test.ts';
import { makeForm, makeIdCard, makePng, makeSubmission } from './submission-builder.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;
let keys = 0;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

const nextKey = () => {
  keys += 1;
  return { 'idempotency-key': `order ${keys}` };
};

async function findClaim(id: string): Promise<string> {
  const claims = (await scanKeys(producer)).filter((key) => key.includes(':idempotency:'));
  for (const claim of claims) {
    if ((await producer.redis.hget(claim, 'id')) === id) return claim;
  }
  throw new Error('no claim');
}

/** What is left when a request died between its claim and its transaction. */
async function abandon(id: string): Promise<string> {
  const claim = await findClaim(id);
  await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
  await producer.redis.del(producer.keys.record(id));
  return claim;
}

describe('an Idempotency-Key', () => {
  test('gives the same verification for the same submission, however it is sent', async () => {
    const key = nextKey();
    const photo = makePng();
    const first = await producer.submit(makeSubmission({ reference: 'a' }), key);
    const again = await producer.submit(makeSubmission({ reference: 'a' }), key);
    const asForm = await producer.submit(makeForm({ reference: 'a' }, [['image', photo]]), key);
    const { id } = (await first.json()) as Verification;
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    for (const answer of [again, asForm]) {
      expect(answer.status).toBe(202);
      expect(answer.headers.get('idempotent-replayed')).toBe('true');
      expect(answer.headers.get('location')).toBe(`/v1/verifications/${id}`);
      expect(await answer.json()).toMatchObject({ id, status: 'queued', reference: 'a' });
    }
  });

  test.each([
    ['another person', { idCard: makeIdCard(7) }],
    ['another photo', { imageBase64: makePng(9).toString('base64') }],
    ['another reference', { reference: 'b' }],
    ['another priority', { priority: 'bulk' }],
    ['an additional field', { extra: 'x' }],
  ])('is refused for %s', async (_name, change) => {
    const key = nextKey();
    await producer.submitted(makeSubmission({ reference: 'a' }), key);
    const answer = await producer.submit(makeSubmission({ reference: 'a', ...change }), key);
    expect([answer.status, (await readProblem(answer)).code]).toEqual([422, 'idempotency_mismatch']);
  });

  test('is its client’s own', async () => {
    const key = nextKey();
    const other = await producer.addClient();
    const mine = await producer.submitted(makeSubmission(), key);
    const theirs = await producer.submitted(makeSubmission(), {
      ...key,
      authorization: `Bearer ${other.apiKey}`,
    });
    expect(theirs.id).not.toBe(mine.id);
  });

  test('makes one verification of many submissions at once', async () => {
    const key = nextKey();
    const before = await producer.redis.zcard(producer.keys.unfinishedIndex());
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => producer.submit(makeSubmission(), key)),
    );
    const ids = new Set<string>();
    for (const answer of answers) {
      if (answer.status === 409) {
        expect((await readProblem(answer)).code).toBe('in_progress');
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      } else {
        expect(answer.status).toBe(202);
        ids.add(((await answer.json()) as Verification).id);
      }
    }
    expect(ids.size).toBe(1);
    expect((await producer.redis.zcard(producer.keys.unfinishedIndex())) - before).toBe(1);
  });

  test('whose request has not finished is in progress, and is adopted once that request is given up', async () => {
    const key = nextKey();
    const { id } = await producer.submitted(makeSubmission(), key);
    const claim = await abandon(id);
    await producer.redis.hset(claim, 'at', Date.now());
    const early = await producer.submit(makeSubmission(), key);
    expect([early.status, (await readProblem(early)).code]).toEqual([409, 'in_progress']);
    await producer.redis.hset(claim, 'at', Date.now() - 10_500);
    const late = await producer.submit(makeSubmission(), key);
    expect([late.status, ((await late.json()) as Verification).id]).toEqual([202, id]);
    expect(late.headers.get('idempotent-replayed')).toBeNull();
  });

  test('that was abandoned is adopted by one of many repeats', async () => {
    const key = nextKey();
    const { id } = await producer.submitted(makeSubmission(), key);
    const claim = await abandon(id);
    await producer.redis.hset(claim, 'at', Date.now() - 60_000);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => producer.submit(makeSubmission(), key)),
    );
    const fresh = answers.filter((each) => each.status === 202 && !each.headers.has('idempotent-replayed'));
    expect(fresh).toHaveLength(1);
  });

  test('leaves neither the key nor the submission in Redis, only digests that expire within a day', async () => {
    const { id } = await producer.submitted(makeSubmission(), { 'idempotency-key': 'recognizable-order' });
    const claim = await findClaim(id);
    const stored = `${claim} ${JSON.stringify(await producer.redis.hgetall(claim))}`;
    expect(stored).not.toContain('recognizable-order');
    expect(stored).not.toContain(makeIdCard());
    const ttl = await producer.redis.pttl(claim);
    expect(ttl).toBeGreaterThan(23 * 3_600_000);
    expect(ttl).toBeLessThanOrEqual(24 * 3_600_000);
  });

  test('is not used up by a submission that was refused', async () => {
    const key = nextKey();
    expect((await producer.submit(makeSubmission({ idCard: '1' }), key)).status).toBe(422);
    expect((await producer.submit(makeSubmission(), key)).status).toBe(202);
  });

  test.each([
    ['empty', ''],
    ['longer than 255 characters', 'k'.repeat(256)],
    ['not printable ASCII', 'order\u00e4'],
  ])('that is %s is refused', async (_name, key) => {
    const answer = await producer.submit(makeSubmission(), { 'idempotency-key': key });
    expect([answer.status, (await readProblem(answer)).code]).toEqual([422, 'invalid_idempotency_key']);
  });
});
