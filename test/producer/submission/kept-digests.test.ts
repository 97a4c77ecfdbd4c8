import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, scanKeys, startProducerUnderTest } from '../producer-under-test.ts';
import { makeForm, makeIdCard, makeSubmission, testName } from '../submission-builder.ts';

/** Spelled out, since an encoder of another version writes other bytes. */
const photo = Buffer.from('ffd8ffc00011080064006403012200021101031101000102030405', 'hex');
const options = {
  extra: 'order 17',
  reference: 'shop-42',
  callbackUrl: 'https://shop.example/events',
  priority: 'bulk',
};

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  const VERIQUEUE_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
  producer = await startProducerUnderTest(redis.url, { environment: { VERIQUEUE_KEYS } });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function digestOf(body: unknown, key: string): Promise<string | null> {
  const { id } = await producer.submitted(body, { 'idempotency-key': key });
  for (const claim of (await scanKeys(producer)).filter((name) => name.includes(':idempotency:'))) {
    if ((await producer.redis.hget(claim, 'id')) === id) return producer.redis.hget(claim, 'digest');
  }
  return null;
}

/** Claims live a day: a producer of the next version must find that a repeat is the same submission. */
describe('the digest of a submission stays what the first version wrote', () => {
  const imageBase64 = photo.toString('base64');

  test('with every field, as JSON and as a form', async () => {
    const digest = 'k1.vhCxJ5-S8977JBdVMkbAKaMVfuYqeSSZO9bu8D8PObc';
    expect(await digestOf(makeSubmission({ imageBase64, ...options }), 'json')).toBe(digest);
    expect(await digestOf(makeForm(options, [['image', photo]]), 'form')).toBe(digest);
  });

  test('with the subject alone', async () => {
    expect(await digestOf({ idCard: makeIdCard(), name: testName, imageBase64 }, 'bare')).toBe(
      'k1.pkOeSuGAt2w5N4nuS1fCPXxGPZv1PA6rStDM13S6vM4',
    );
  });
});
