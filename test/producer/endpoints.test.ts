import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY_SCOPES } from '../../shared/contract/api-key-scope.ts';
import type { CreatedEndpoint } from '../../shared/contract/endpoint.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { sendSlowly } from './send-slowly.ts';

const ORIGIN = 'http://hooks.example.com';

let redis: TestRedis;
let producer: ProducerUnderTest;
const clock = { now: Date.parse('2030-01-31T00:00:00Z') };

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, { now: () => clock.now });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

/** A client with one endpoint, and a key that may change it. */
async function clientWithEndpoint() {
  const made = await producer.addClient({ allowedOrigins: [ORIGIN] });
  const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
  const target = { redis: producer.redis, keys: producer.keys, clientId: made.clientId };
  const apiKey =
    (await addApiKey(target, { now: clock.now, grant })) ?? expect.fail('a client must be there');
  const as: ClientCredentials = { ...made, apiKey };
  const answer = await producer.call('/v1/endpoints', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${ORIGIN}/events` }),
    as,
  });
  expect(answer.status).toBe(201);
  const { id } = (await answer.json()) as CreatedEndpoint;
  const stored = async () => {
    const list = await producer.redis.hget(producer.keys.client(made.clientId), 'endpoints');
    return parseEndpoints(list ?? '')[0] ?? expect.fail('the endpoint must be there');
  };
  return { as, id, stored };
}

describe('what is taken from a client while a change of its endpoint arrives', () => {
  const change = async (field: string, value: string) => {
    const { as, id, stored } = await clientWithEndpoint();
    const body = JSON.stringify({ url: `${ORIGIN}/other` });
    const url = `${producer.url}/v1/endpoints/${id}`;
    const { code } = await sendSlowly(url, { method: 'PATCH', apiKey: as.apiKey, body }, async () => {
      await producer.redis.hset(producer.keys.client(as.clientId), field, value);
      clock.now += 2_001;
    });
    return [code, (await stored()).url];
  };

  test('is gone: the change of a client that is disabled is refused', async () => {
    expect(await change('disabled', '1')).toEqual(['unauthorized', `${ORIGIN}/events`]);
  });

  test('is gone: so is one to an origin that is not registered any more', async () => {
    expect(await change('allowedOrigins', '[]')).toEqual(['invalid_request', `${ORIGIN}/events`]);
  });
});

describe('a client that changes its endpoints in a loop', () => {
  test('has the latest five secrets of one at most', async () => {
    const { as, id, stored } = await clientWithEndpoint();
    for (let i = 0; i < 8; i += 1) {
      const path = `/v1/endpoints/${id}/rotate-secret`;
      expect((await producer.call(path, { method: 'POST', as })).status).toBe(200);
    }
    const { secrets } = await stored();
    expect(secrets.map(({ retiresAt }) => retiresAt === null)).toEqual([true, false, false, false, false]);
  });

  test('is answered 429, and others are not', async () => {
    const [{ as }, other] = await Promise.all([clientWithEndpoint(), clientWithEndpoint()]);
    const path = `/v1/endpoints/ep_${'0'.repeat(26)}`;
    const attempt = () => producer.call(path, { method: 'DELETE', as });
    let answer = await attempt();
    for (let tries = 1; tries < 120 && answer.status === 404; tries += 1) answer = await attempt();
    expect([answer.status, (await readProblem(answer)).code]).toEqual([429, 'too_many_requests']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const again = await producer.call(`/v1/endpoints/${other.id}`, { method: 'DELETE', as: other.as });
    expect(again.status).toBe(204);
  });
});
