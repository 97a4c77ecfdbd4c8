import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_KEY_SCOPES } from '../../../shared/contract/api-key-scope.ts';
import { addApiKey } from '../../../shared/store/clients/api-keys.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';
import { openRaw, requestHead } from '../raw-connection.ts';

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

const BODIES = [
  ['application/json', ''],
  ['application/json', '{'],
  ['application/json', '['.repeat(5_000)],
  ['application/json', JSON.stringify('x'.repeat(100_000))],
  ['text/plain', 'x'],
  ['application/x-www-form-urlencoded', 'a=b'],
  ['multipart/form-data', 'x'],
] as const;

interface Described {
  readonly paths: Record<string, Record<string, { readonly requestBody?: object }>>;
}

/** Those that change something and take nothing, by the description. */
async function listOperations() {
  const { paths } = (await (await fetch(`${producer.url}/openapi.json`)).json()) as Described;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method, { requestBody }]) => method !== 'get' && requestBody === undefined)
      .map(([method]) => ({ method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, 'none') })),
  );
}

test('a body that an operation does not take is ignored, whatever it is', async () => {
  const operations = await listOperations();
  expect(operations.map(({ path }) => path)).toContain('/v1/verifications/none/redeliver');
  for (const { method, path } of operations) {
    const answers = await Promise.all(
      BODIES.map(async ([type, body]) => {
        const answer = await producer.call(path, { method, body, headers: { 'content-type': type } });
        return answer.status;
      }),
    );
    const { status: without } = await producer.call(path, { method });
    expect(answers, `${method} ${path}`).toEqual(BODIES.map(() => without));
  }
});

test('an empty body is none where a body is optional, also with the Content-Type of JSON', async () => {
  const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
  const { redis: store, keys, client } = producer;
  const target = { redis: store, keys, clientId: client.clientId };
  const apiKey = (await addApiKey(target, { now: Date.now(), grant })) ?? expect.fail('no client');
  const init = { method: 'POST', body: '', headers: { 'content-type': 'application/json' } };
  const rotate = (path: string) => producer.call(path, { ...init, as: { ...client, apiKey } });
  expect((await rotate('/v1/callback/rotate-secret')).status).toBe(200);
  expect((await rotate('/v1/endpoints')).status).toBe(400);
});

test('the next request of the connection is answered behind it', async () => {
  const connection = openRaw(producer.url);
  const authorization = { Authorization: `Bearer ${producer.client.apiKey}` };
  const head = requestHead('POST /v1/verifications/none/redeliver', {
    ...authorization,
    'Content-Type': 'text/plain',
    'Content-Length': 5,
  });
  connection.send(`${head}hello${requestHead('GET /v1/lane', authorization)}`);
  expect([(await connection.answer()).status, (await connection.answer()).status]).toEqual([404, 200]);
  connection.socket.destroy();
});
