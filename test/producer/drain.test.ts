import { once } from 'node:events';
import { Agent, type ClientRequest, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from './producer-under-test.ts';
import { makeSubmission } from './submission-builder.ts';

const operatorKey = 'an operator key of some length';
let redis: TestRedis;
let producer: ProducerUnderTest;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, {
    environment: { OPERATIONS_PORT: '0', OPERATOR_KEY: operatorKey },
  });
});
afterAll(async () => {
  agent.destroy();
  await producer?.close();
  await redis?.stop();
});

/** A request of which the process has the head for certain, and not the body. */
async function openPost(url: string, body: string, headers: Record<string, string>): Promise<ClientRequest> {
  const post = request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
      ...headers,
    },
  });
  post.flushHeaders();
  await once(post, 'continue');
  return post;
}

async function leaveIdleConnection(url: string): Promise<void> {
  const get = request(`${url}/v1/lane`, { agent }).end();
  const [answer] = await once(get, 'response');
  await text(answer);
}

const knock = (url: string) =>
  fetch(`${url}/livez`).then(
    () => 'served',
    () => 'refused',
  );

test('drains both listeners at once: each finishes its requests, and neither waits for the other', async () => {
  const { url, operationsUrl } = producer;
  expect(operationsUrl).not.toBe(url);
  await Promise.all([leaveIdleConnection(url), leaveIdleConnection(operationsUrl)]);
  const submission = JSON.stringify(makeSubmission());
  const key = JSON.stringify({ key: operatorKey });
  const [submitting, signingIn] = await Promise.all([
    openPost(`${url}/v1/verifications`, submission, { authorization: `Bearer ${producer.client.apiKey}` }),
    openPost(`${operationsUrl}/console/api/session`, key, { origin: operationsUrl }),
  ]);
  const stopped = producer.stop();
  await expect.poll(() => knock(operationsUrl), { timeout: 60_000 }).toBe('refused');
  await expect.poll(() => knock(url), { timeout: 60_000 }).toBe('refused');
  submitting.end(submission);
  signingIn.end(key);
  const statuses = await Promise.all(
    [submitting, signingIn].map(async (post) => {
      const [answer] = await once(post, 'response');
      answer.resume();
      return answer.statusCode;
    }),
  );
  expect(statuses).toEqual([202, 204]);
  await stopped;
});
