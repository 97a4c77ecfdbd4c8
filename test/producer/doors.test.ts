import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { API_KEY_SCOPES } from '../../shared/contract/api-key-scope.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import { OPERATOR_KEY } from '../console/console-under-test.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { openRaw, requestHead } from './raw-connection.ts';

/**
 * Who may use a route, and so what is read of a request before it is known who sent it. A route that is added without
 * being listed here fails this test.
 *
 * - `api key`: no byte of a body before the client's key was found
 * - `operator`: no byte of a body before the operator's key or session was found
 * - `sign-in`: 4 KiB of JSON, from the page itself. Not fewer after wrong keys: the right one must always get in
 * - `anyone`: reads no body at all
 */
const DOORS: Readonly<Record<string, 'api key' | 'operator' | 'sign-in' | 'anyone'>> = {
  'POST /v1/verifications': 'api key',
  'GET /v1/verifications': 'api key',
  'GET /v1/verifications/:id': 'api key',
  'DELETE /v1/verifications/:id': 'api key',
  'GET /v1/verifications/:id/deliveries': 'api key',
  'POST /v1/verifications/:id/redeliver': 'api key',
  'GET /v1/lane': 'api key',
  'GET /v1/outcomes': 'api key',
  'GET /v1/usage': 'api key',
  'GET /v1/deliveries': 'api key',
  'GET /v1/events': 'api key',
  'POST /v1/photos': 'api key',
  'GET /v1/endpoints': 'api key',
  'POST /v1/endpoints': 'api key',
  'PATCH /v1/endpoints/:id': 'api key',
  'DELETE /v1/endpoints/:id': 'api key',
  'POST /v1/endpoints/:id/rotate-secret': 'api key',
  'GET /v1/callback': 'api key',
  'PATCH /v1/callback': 'api key',
  'POST /v1/callback/rotate-secret': 'api key',
  'POST /v1/callback/test': 'api key',
  'POST /v1/endpoints/:id/test': 'api key',
  'POST /v1/redeliveries': 'api key',
  'GET /v1/api-keys': 'api key',
  'POST /v1/api-keys': 'api key',
  'DELETE /v1/api-keys/:prefix': 'api key',
  'GET /.well-known/jwks.json': 'anyone',
  'GET /v1/verifications/:id/receipt': 'api key',
  'GET /console/api/audit': 'operator',
  'GET /console/api/audit/head': 'operator',
  'POST /console/api/clients/:client/limited-keys': 'operator',
  'GET /v1/accounts': 'operator',
  'POST /v1/accounts/:name/pause': 'operator',
  'POST /v1/accounts/:name/resume': 'operator',
  'GET /': 'anyone',
  'GET /livez': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': 'anyone',
  'GET /openapi.json': 'anyone',
  'GET /docs': 'anyone',
  'GET /docs/json': 'anyone',
  'GET /docs/yaml': 'anyone',
  'GET /docs/static/*': 'anyone',
  'GET /docs/static/index.html': 'anyone',
  'GET /docs/static/swagger-initializer.js': 'anyone',
  'GET /console': 'anyone',
  'GET /console/': 'anyone',
  'GET /console/app.js': 'anyone',
  'GET /console/app.css': 'anyone',
  'GET /console/notices.txt': 'anyone',
  'GET /console/api/session': 'anyone',
  'POST /console/api/session': 'sign-in',
  'DELETE /console/api/session': 'anyone',
  'GET /console/api/snapshot': 'operator',
  'GET /console/api/verifications': 'operator',
  'GET /console/api/verifications/:id': 'operator',
  'POST /console/api/verifications/:id/redeliver': 'operator',
  'GET /console/api/dead-letters': 'operator',
  'POST /console/api/dead-letters/redeliver': 'operator',
  'GET /console/api/endpoints': 'operator',
  'POST /console/api/endpoints/hold': 'operator',
  'POST /console/api/endpoints/release': 'operator',
  'POST /console/api/lane/pause': 'operator',
  'POST /console/api/lane/resume': 'operator',
  'GET /console/events': 'operator',
  'DELETE /console/api/clients/:client': 'operator',
  'DELETE /console/api/operator-endpoints/:id': 'operator',
  'GET /console/api/audit/search': 'operator',
  'GET /console/api/record-of-processing': 'operator',
  'GET /console/api/record-of-processing.md': 'operator',
  'GET /console/api/clients/:client/receipt': 'operator',
  'GET /console/api/operator-endpoints': 'operator',
  'GET /console/api/verifications/:id/receipt': 'operator',
  'POST /console/api/operator-endpoints': 'operator',
  'PATCH /console/api/operator-endpoints/:id': 'operator',
  'POST /console/api/operator-endpoints/:id/rotate-secret': 'operator',
  'POST /console/api/operator-endpoints/:id/test': 'operator',
  'DELETE /console/api/clients/:client/keys/:prefix': 'operator',
  'GET /console/api/accounts': 'operator',
  'POST /console/api/accounts/:name/pause': 'operator',
  'POST /console/api/accounts/:name/resume': 'operator',
  'GET /console/api/activity': 'operator',
  'GET /console/api/changes': 'operator',
  'GET /console/api/clients': 'operator',
  'GET /console/api/clients/:client': 'operator',
  'GET /console/api/clients/:client/promises-at-risk': 'operator',
  'GET /console/api/history': 'operator',
  'GET /console/api/shares': 'operator',
  'GET /console/api/usage': 'operator',
  'GET /console/api/usage.csv': 'operator',
  'PATCH /console/api/clients/:client': 'operator',
  'GET /console/api/logs': 'operator',
  'GET /console/api/operators': 'operator',
  'POST /console/api/operators': 'operator',
  'DELETE /console/api/operators/:operator': 'operator',
  'POST /console/api/clients': 'operator',
  'POST /console/api/clients/:client/keys': 'operator',
  'POST /console/api/clients/:client/secret': 'operator',
  'GET /console/api/clients/:client/endpoints': 'operator',
  'GET /console/api/clients/:client/deliveries': 'operator',
  'POST /console/api/clients/:client/redeliveries': 'operator',
  'POST /console/api/clients/:client/endpoints': 'operator',
  'PATCH /console/api/clients/:client/endpoints/:id': 'operator',
  'DELETE /console/api/clients/:client/endpoints/:id': 'operator',
  'POST /console/api/clients/:client/endpoints/:id/rotate-secret': 'operator',
  'POST /console/api/clients/:client/endpoints/:id/test': 'operator',
  'POST /console/api/clients/:client/callback/test': 'operator',
};
/** Bull Board registers its own pages, which stand behind the operator's session. Each problem has a page for anyone. */
const OF_ONE_KIND = /^GET \/(?:queues|problems\/)/;

let redis: TestRedis;
let producer: ProducerUnderTest;
let now = Date.now();
const routes = new Set<string>();

const noteRoutes = (message: unknown) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) routes.add(`${name} ${url}`);
  });
};

beforeAll(async () => {
  redis = await startTestRedis();
  subscribe('fastify.initialization', noteRoutes);
  producer = await startProducerUnderTest(redis.url, {
    environment: { OPERATOR_KEY },
    now: () => now,
  });
  unsubscribe('fastify.initialization', noteRoutes);
});
/** Past the minute in which too many wrong keys of an address count. */
beforeEach(() => {
  now += 61_000;
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

test('every route is listed with what it reads before it knows the sender', async () => {
  const served: string[] = [];
  const { redis: connection, keys, client } = producer;
  const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
  const target = { redis: connection, keys, clientId: client.clientId };
  const apiKey = await addApiKey(target, { now: Date.now(), grant });
  for (const route of routes) {
    const [method = '', url = ''] = route.split(' ');
    if (method === 'HEAD' || OF_ONE_KIND.test(route)) continue;
    // With a key that may do everything, for those that need one say 401 or 403 before 405.
    const { status } = await ask(method, url, {
      Authorization: `Bearer ${apiKey}`,
      'Content-Length': 0,
    });
    if (status !== 405) served.push(route);
  }
  expect(served.sort()).toEqual(Object.keys(DOORS).sort());
});

/** A request that announces a body and sends none of it: what waits for the body gives no answer. */
async function ask(method: string, url: string, headers: Readonly<Record<string, string | number>> = {}) {
  const connection = openRaw(producer.url);
  const path = url.replace(':id', 'ver_01jd0000000000000000000000').replace('*', 'index.css');
  connection.send(
    requestHead(`${method} ${path}`, {
      'Content-Type': 'application/json',
      'Content-Length': 1_000_000,
      ...headers,
    }),
  );
  const answer = await connection.answer();
  connection.socket.destroy();
  return answer;
}

const urlsOf = (door: string) =>
  Object.entries(DOORS)
    .filter(([, kind]) => kind === door)
    .map(([route]) => route.split(' ') as [string, string]);

describe('with a body announced and not a byte of it sent', () => {
  test.each(urlsOf('api key'))('%s %s answers 401', async (method, url) => {
    expect((await ask(method, url)).status).toBe(401);
    const wrongKey = { Authorization: `Bearer ${producer.client.apiKey.slice(0, -3)}aaa` };
    expect((await ask(method, url, wrongKey)).status).toBe(401);
  });

  test.each(urlsOf('operator'))('%s %s answers 401', async (method, url) => {
    expect((await ask(method, url)).status).toBe(401);
    const wrongKey = { Authorization: `Bearer ${producer.client.apiKey}` };
    expect((await ask(method, url, wrongKey)).status).toBe(401);
  });

  test.each(urlsOf('anyone'))('%s %s answers what it always does', async (method, url) => {
    const { status } = await ask(method, url, { Origin: producer.url, Host: new URL(producer.url).host });
    expect([200, 204, 302, 303]).toContain(status);
  });

  test('the queues send to the console', async () => {
    expect((await ask('GET', '/queues')).status).toBe(303);
    expect((await ask('GET', '/queues/api/queues')).status).toBe(401);
  });

  test('an unknown path and an unknown method are refused', async () => {
    const key = { Authorization: `Bearer ${producer.client.apiKey}` };
    expect((await ask('POST', '/v1/verification', key)).status).toBe(404);
    expect((await ask('PUT', '/v1/verifications', key)).status).toBe(405);
  });
});

describe('the sign-in', () => {
  const url = '/console/api/session';
  const own = () => ({ Origin: producer.url, Host: new URL(producer.url).host });

  test('takes no more than a key', async () => {
    expect((await ask('POST', url, own())).status).toBe(413);
    const chunked = { ...own(), 'Transfer-Encoding': 'chunked' };
    const connection = openRaw(producer.url);
    connection.send(
      requestHead(`POST ${url}`, { 'Content-Type': 'application/json', ...chunked }),
      `2000\r\n${'x'.repeat(8192)}\r\n`,
    );
    expect((await connection.answer()).status).toBe(413);
    connection.socket.destroy();
  });

  test('reads nothing from another page', async () => {
    expect((await ask('POST', url, { Origin: 'https://elsewhere.example' })).status).toBe(403);
  });

  test('looks at the depth of what it reads', async () => {
    const nested = await fetch(`${producer.url}${url}`, {
      method: 'POST',
      body: `${'['.repeat(500)}${']'.repeat(500)}`,
      headers: { 'content-type': 'application/json', origin: producer.url },
    });
    expect([nested.status, (await readProblem(nested)).code]).toEqual([400, 'json_too_complex']);
  });
});
