import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Problem } from '../../shared/contract/problem.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import { type ConsoleUnderTest, OPERATOR_KEY, startConsoleUnderTest } from '../console/console-under-test.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
let desk: ConsoleUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  desk = await startConsoleUnderTest(redis.url);
});
afterAll(async () => {
  await desk?.close();
  await redis?.stop();
});

async function clientWithKeys() {
  const { clientId } = await desk.addClient({});
  const make = async (scopes: readonly ('submit' | 'read' | 'manage')[]) => {
    const grant = { scopes, expiresAt: null, addresses: [] };
    const target = { redis: desk.redis, keys: desk.keys, clientId };
    return (await addApiKey(target, { now: Date.now(), grant })) ?? expect.fail('the client must be there');
  };
  return { clientId, make };
}

async function whileFull(work: () => Promise<void>): Promise<void> {
  await desk.redis.config('SET', 'maxmemory', '1mb');
  try {
    await work();
  } finally {
    await desk.redis.config('SET', 'maxmemory', '0');
  }
}

const asClient = (apiKey: string, path: string, method = 'GET') =>
  fetch(`${desk.url}/v1/${path}`, { method, headers: { authorization: `Bearer ${apiKey}` } });
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as Problem).code];
const prefixOf = (apiKey: string) => apiKey.slice(0, 9);
const isRefused = (apiKey: string) =>
  // Producers remember a client for two seconds.
  expect.poll(async () => (await asClient(apiKey, 'api-keys')).status, { timeout: 30_000 }).toBe(401);

test.each([
  ['with the usual scopes', ['submit', 'read']],
  ['with others', ['manage', 'read']],
] as const)('an operator revokes a key %s while the memory of Redis is full', async (_which, scopes) => {
  const { clientId, make } = await clientWithKeys();
  const key = await make(scopes);
  await whileFull(async () => {
    const path = `/console/api/clients/${clientId}/keys`;
    // It takes nothing that would make it grow.
    const added = await desk.post(path, { scopes: ['read'] });
    expect(await codeOf(added)).toEqual([503, 'unavailable']);
    const revoked = await desk.operator(`${path}/${prefixOf(key)}`, { method: 'DELETE' });
    expect([revoked.status, await revoked.json()]).toEqual([200, { revoked: prefixOf(key) }]);
    await isRefused(key);
    expect(await codeOf(await desk.operator(`${path}/${prefixOf(key)}`, { method: 'DELETE' }))).toEqual([
      404,
      'not_found',
    ]);
  });
  // What the trail could not take, the log has.
  const lost = await desk.log.line(
    ({ event, events }) =>
      event === 'audit_event_lost' && JSON.stringify(events).includes(`"target":"${clientId}"`),
  );
  expect(lost['events']).toMatchObject([{ action: 'revoke_api_key', result: 'revoked' }]);
});

test('an operator gets in, and revokes a key, with a session of before', async () => {
  const { clientId, make } = await clientWithKeys();
  const [, key] = [await make(['read']), await make(['read'])];
  const signIn = await fetch(`${desk.operationsUrl}/console/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ key: OPERATOR_KEY }),
  });
  const cookie = (signIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  // A use is written down once a minute.
  const sessions = desk.keys.consoleSessions();
  const [id = '', text = ''] = Object.entries(await desk.redis.hgetall(sessions))[0] ?? [];
  const [begun = '', used = '', ...rest] = text.split(' ');
  const before = Number(used) - 120_000;
  await desk.redis.hset(sessions, id, [begun, before, ...rest].join(' '));
  await whileFull(async () => {
    const revoked = await fetch(
      `${desk.operationsUrl}/console/api/clients/${clientId}/keys/${prefixOf(key)}`,
      { method: 'DELETE', headers: { cookie, 'sec-fetch-site': 'same-origin' } },
    );
    expect(revoked.status).toBe(200);
    const [, noted = ''] = ((await desk.redis.hget(sessions, id)) ?? '').split(' ');
    expect(Number(noted)).toBeGreaterThan(before);
  });
});

test('a client revokes a key by another one while the memory of Redis is full', async () => {
  const { make } = await clientWithKeys();
  const [managing, stolen] = [await make(['manage', 'read']), await make(['manage', 'read'])];
  await whileFull(async () => {
    const revoked = await asClient(managing, `api-keys/${prefixOf(stolen)}`, 'DELETE');
    expect(revoked.status).toBe(204);
    await isRefused(stolen);
    expect((await asClient(managing, 'api-keys')).status).toBe(200);
    const last = await asClient(managing, `api-keys/${prefixOf(managing)}`, 'DELETE');
    expect(await codeOf(last)).toEqual([409, 'last_manage_key']);
  });
});
