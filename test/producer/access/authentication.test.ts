import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../../producer/access/authentication.ts';
import { ProblemError } from '../../../producer/problem.ts';
import { generateApiKey, generateTestKey } from '../../../shared/sealing/api-key.ts';
import { DEFAULT_GRANT } from '../../../shared/store/clients/api-key-record.ts';
import type { Authenticated } from '../../../shared/store/clients/authenticate.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from '../producer-under-test.ts';
import { sendSlowly } from '../send-slowly.ts';
import { makeSubmission } from '../submission-builder.ts';

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

const paths: [string, string][] = [
  ['GET', '/v1/verifications'],
  ['POST', '/v1/verifications'],
  ['GET', '/v1/verifications/ver_1'],
  ['DELETE', '/v1/verifications/ver_1'],
  ['GET', '/v1/verifications/ver_1/deliveries'],
  ['GET', '/v1/outcomes'],
  ['GET', '/v1/lane'],
];

describe('without a valid API key', () => {
  test.each(paths)('%s %s is 401', async (method, path) => {
    const answer = await fetch(`${producer.url}${path}`, { method });
    expect([answer.status, (await readProblem(answer)).code]).toEqual([401, 'unauthorized']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="veriqueue"');
  });

  test.each([
    ['another scheme', () => `Basic ${producer.client.apiKey}`],
    ['no scheme', () => producer.client.apiKey],
    ['an unknown key', () => `Bearer ${generateApiKey(randomBytes)}`],
    ['a key with one digit changed', () => `Bearer ${producer.client.apiKey.slice(0, -1)}g`],
    ['two keys', () => `Bearer ${producer.client.apiKey}, Bearer ${producer.client.apiKey}`],
    ['an empty key', () => 'Bearer '],
  ])('%s is 401', async (_name, authorization) => {
    const answer = await fetch(`${producer.url}/v1/lane`, { headers: { authorization: authorization() } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="veriqueue", error="invalid_token"');
  });

  test('a test key is 401 test_keys_off where no lane is for them', async () => {
    const authorization = `Bearer ${generateTestKey(randomBytes)}`;
    const answer = await fetch(`${producer.url}/v1/lane`, { headers: { authorization } });
    expect([answer.status, (await readProblem(answer)).code]).toEqual([401, 'test_keys_off']);
  });

  test('a body is not even looked at', async () => {
    const answer = await fetch(`${producer.url}/v1/verifications`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: '<',
    });
    expect(answer.status).toBe(401);
  });
});

test('a client that is disabled is refused within seconds', async () => {
  const as = await producer.addClient();
  const status = async () => (await producer.call('/v1/lane', { as })).status;
  expect(await status()).toBe(200);
  await producer.redis.hset(producer.keys.client(as.clientId), 'disabled', '1');
  await expect.poll(status, { timeout: 60_000, interval: 200 }).toBe(401);
});

describe('what is taken from a client while its upload arrives', () => {
  const upload = async (change: (client: string) => Promise<unknown>) => {
    let now = Date.now();
    const own = await startProducerUnderTest(redis.url, { now: () => now });
    const as = await own.addClient({ allowedOrigins: ['http://hooks.example.com'] });
    try {
      const body = JSON.stringify({ ...makeSubmission(), callbackUrl: 'http://hooks.example.com/x' });
      // Remembered for two seconds of the producer's clock, which stands: the upload begins with what stood before.
      expect((await own.call('/v1/lane', { as })).status).toBe(200);
      const url = `${own.url}/v1/verifications`;
      const sending = { method: 'POST', apiKey: as.apiKey, body };
      const { status, code } = await sendSlowly(url, sending, async () => {
        await change(own.keys.client(as.clientId));
        now += 2_001;
      });
      const kept = await own.redis.zcard(own.keys.clientIndex(as.clientId));
      return { status, code, kept };
    } finally {
      await own.close();
    }
  };
  test('is gone: a revoked key gets 401', async () => {
    const change = (client: string) => producer.redis.hset(client, 'disabled', '1');
    expect(await upload(change)).toEqual({ status: 401, code: 'unauthorized', kept: 0 });
  });

  test('is gone: an origin gets 422', async () => {
    const change = (client: string) => producer.redis.hset(client, 'allowedOrigins', '[]');
    expect(await upload(change)).toEqual({ status: 422, code: 'invalid_submission', kept: 0 });
  });
});

test('neither key nor secret of a client rests in Redis in clear', async () => {
  await producer.submitted(makeSubmission());
  const { apiKey, webhookSecret, clientId } = producer.client;
  const stored = JSON.stringify([
    await producer.redis.hgetall(producer.keys.client(clientId)),
    await producer.redis.hgetall(producer.keys.apiKeys()),
  ]);
  expect(stored).toContain(clientId);
  for (const secret of [apiKey, apiKey.slice(12), webhookSecret, webhookSecret.slice(6)]) {
    expect(stored).not.toContain(secret);
  }
});

describe('the memory for clients', () => {
  const client: Authenticated = {
    client: {
      id: 'cli_1',
      name: 'c',
      callbackUrl: null,
      allowedOrigins: [],
      disabled: false,
      weight: 100,
      maxWaiting: null,
      budget: null,
      selfService: { enabled: true, maxApiKeys: null, maxEndpoints: null },
      choseCallback: false,
    },
    key: { hash: 'h', prefix: 'vq_0a1b2c', createdAt: 1, madeWith: null, ...DEFAULT_GRANT },
  };
  const requestWith = (apiKey: string) =>
    ({ headers: { authorization: `Bearer ${apiKey}` } }) as FastifyRequest;

  test('asks once for many requests at once, and again after two seconds', async () => {
    let now = 1_000_000;
    let lookups = 0;
    const authenticate = createAuthenticator({
      now: () => now,
      findClient: async () => {
        lookups += 1;
        return client;
      },
    });
    const request = requestWith(generateApiKey(randomBytes));
    await Promise.all(Array.from({ length: 50 }, () => authenticate(request)));
    now += 1_999;
    await authenticate(request);
    expect(lookups).toBe(1);
    now += 2;
    await authenticate(request);
    expect(lookups).toBe(2);
  });

  test('remembers neither a key that was refused nor a lookup that failed', async () => {
    const answers: (() => Authenticated | null)[] = [
      () => null,
      () => {
        throw new Error('Connection is closed.');
      },
      () => client,
    ];
    const authenticate = createAuthenticator({
      now: () => 1_000_000,
      findClient: async () => answers.shift()?.() ?? null,
    });
    const request = requestWith(generateApiKey(randomBytes));
    await expect(authenticate(request)).rejects.toBeInstanceOf(ProblemError);
    await expect(authenticate(request)).rejects.toThrow('Connection is closed.');
    await expect(authenticate(request)).resolves.toBe(client);
  });

  test('is not asked at all for a text that cannot be a key', async () => {
    const authenticate = createAuthenticator({
      now: () => 1,
      findClient: async () => {
        throw new Error('asked');
      },
    });
    await expect(authenticate(requestWith(`vq_${'0'.repeat(72)}`))).rejects.toBeInstanceOf(ProblemError);
  });
});
