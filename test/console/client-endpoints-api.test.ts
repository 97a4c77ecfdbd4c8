import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsoleNewClient } from '../../shared/contract/console.ts';
import type { ConsoleActivity } from '../../shared/contract/console-activity.ts';
import { consoleClientEndpoints } from '../../shared/contract/console-endpoints.ts';
import type { CreatedEndpoint, Endpoint, RotatedSecret } from '../../shared/contract/endpoint.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ConsoleUnderTest, startConsoleUnderTest } from './console-under-test.ts';

let redis: TestRedis;
let desk: ConsoleUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  desk = await startConsoleUnderTest(redis.url, {
    environment: { CLIENT_MAX_ENDPOINTS: '2', TEST_LANE: 'tests' },
  });
});
afterAll(async () => {
  await desk?.close();
  await redis?.stop();
});

interface Sent<T> {
  readonly status: number;
  readonly body: T;
}

async function send<T = Problem>(method: string, path: string, body?: object): Promise<Sent<T>> {
  const answer = await desk.operator(`/console/api/clients/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}
const codeOf = ({ status, body }: Sent<Problem>) => [status, body.code];

async function create(settings: object = {}): Promise<{ readonly id: string; readonly manageKey: string }> {
  const own = { name: 'receivers', allowedOrigins: ['https://a.example'], ...settings };
  const made = await desk.post('/console/api/clients', own);
  const { id } = (await made.json()) as ConsoleNewClient;
  const key = await send<{ apiKey: string }>('POST', `${id}/keys`, { scopes: ['manage', 'submit', 'read'] });
  return { id, manageKey: key.body.apiKey };
}
const list = async (id: string) => consoleClientEndpoints.parse((await send('GET', `${id}/endpoints`)).body);
const asClient = (apiKey: string, path: string, init: RequestInit = {}) =>
  fetch(`${desk.url}/v1/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
  });
const latest = async () => (await desk.read<ConsoleActivity>('/console/api/activity?limit=1')).data[0];

describe("a client's endpoint", () => {
  test('is added, changed, given a new secret and removed by an operator, and its client sees it', async () => {
    const { id, manageKey } = await create();
    const url = 'https://a.example/events';
    const added = await send<CreatedEndpoint>('POST', `${id}/endpoints`, {
      url,
      types: ['verification.deferred'],
      ratePerSecond: 2.5,
    });
    expect(added.status).toBe(201);
    const { secret, ...endpoint } = added.body;
    expect(secret).toMatch(/^whsec_/);
    expect(await latest()).toMatchObject({ action: 'add_endpoint', target: endpoint.id, result: 'added' });
    expect(await list(id)).toEqual({ data: [endpoint], most: 2, callbackAuth: null, test: null });
    expect(await (await asClient(manageKey, 'endpoints')).json()).toEqual({ data: [endpoint] });

    const path = `${id}/endpoints/${endpoint.id}`;
    const change = { url: `${url}/2`, types: ['verification.failed'], ratePerSecond: null, enabled: false };
    const changed = await send<Endpoint>('PATCH', path, change);
    expect(changed.body).toEqual({
      ...endpoint,
      ...{ url: `${url}/2`, types: ['verification.failed'], ratePerSecond: null, status: 'disabled' },
    });
    expect(await latest()).toMatchObject({ action: 'change_endpoint', target: endpoint.id });
    const rotated = await send<RotatedSecret>('POST', `${path}/rotate-secret`);
    expect(rotated.body.secret).toMatch(/^whsec_/);
    expect(rotated.body.secret).not.toBe(secret);
    expect(await latest()).toMatchObject({ action: 'rotate_endpoint_secret', result: 'rotated' });
    expect(await send('DELETE', path)).toEqual({ status: 200, body: { removed: endpoint.id } });
    expect(await latest()).toMatchObject({ action: 'remove_endpoint', result: 'removed' });
    expect((await list(id)).data).toEqual([]);
    expect(codeOf(await send('DELETE', path))).toEqual([404, 'not_found']);
  });

  test('is refused where its client may have none, beyond the number, and with secrets of the receiver', async () => {
    const { id } = await create();
    const add = (body: object) => send('POST', `${id}/endpoints`, body);
    const elsewhere = await add({ url: 'https://b.example/' });
    expect([elsewhere.status, elsewhere.body.errors]).toEqual([
      422,
      [expect.objectContaining({ pointer: '/url', code: 'origin_not_allowed' })],
    ]);
    const auth = { basic: { username: 'shop', password: 'not-to-be-given' } };
    const withAuth = await add({ url: 'https://a.example/', auth });
    expect([withAuth.status, JSON.stringify(withAuth.body).includes('not-to-be-given')]).toEqual([
      422,
      false,
    ]);
    expect((await add({ url: 'https://a.example/', types: ['lane.suspended'] })).status).toBe(422);
    await send('PATCH', id, { maxEndpoints: 1 });
    expect((await add({ url: 'https://a.example/1' })).status).toBe(201);
    expect(codeOf(await add({ url: 'https://a.example/2' }))).toEqual([409, 'too_many_endpoints']);
    expect((await list(id)).most).toBe(1);
    expect(codeOf(await send('PATCH', `${id}/endpoints/ep_x`, {}))).toEqual([404, 'not_found']);
    expect(codeOf(await send('GET', 'cli_none/endpoints'))).toEqual([404, 'not_found']);
    expect(codeOf(await send('POST', 'cli_none/endpoints', { url: 'https://a.example/' }))).toEqual([
      404,
      'not_found',
    ]);
  });

  test('of another client is none of this one, for an operator too', async () => {
    const [mine, other] = [await create(), await create()];
    const url = 'https://a.example/';
    const { body } = await send<CreatedEndpoint>('POST', `${mine.id}/endpoints`, { url });
    const path = `${other.id}/endpoints/${body.id}`;
    const calls = [
      send('PATCH', path, { enabled: false }),
      send('POST', `${path}/rotate-secret`),
      send('POST', `${path}/test`),
      send('DELETE', path),
    ];
    expect((await Promise.all(calls)).map(codeOf)).toEqual(calls.map(() => [404, 'not_found']));
    expect((await list(mine.id)).data).toMatchObject([{ id: body.id, status: 'active' }]);
  });

  test('is changed by an operator also when its client may not', async () => {
    const { id, manageKey } = await create();
    const { body } = await send<CreatedEndpoint>('POST', `${id}/endpoints`, { url: 'https://a.example/' });
    await send('PATCH', id, { selfService: false });
    // Producers remember a client for two seconds.
    const stop = () =>
      asClient(manageKey, `endpoints/${body.id}`, { method: 'PATCH', body: '{"enabled":false}' });
    await expect
      .poll(async () => ((await (await stop()).json()) as Problem).code, { timeout: 30_000 })
      .toBe('self_service_off');
    await send('PATCH', `${id}/endpoints/${body.id}`, { enabled: true });
    expect((await list(id)).data).toMatchObject([{ status: 'active' }]);
  });
});

describe("an endpoint of a client's test keys", () => {
  test('is shown beside the live ones, marked as such, and is not changed among them', async () => {
    const callbackUrl = 'https://a.example/callback';
    const { id, manageKey } = await create({ callbackUrl });
    const made = await send<{ apiKey: string }>('POST', `${id}/keys`, { scopes: ['manage'], test: true });
    const testKey = made.body.apiKey;
    expect((await list(id)).test).toEqual({ callbackUrl, callbackAuth: null, data: [] });
    const add = (apiKey: string, body: object) =>
      asClient(apiKey, 'endpoints', { method: 'POST', body: JSON.stringify(body) });
    const auth = { headers: { 'X-Gateway-Token': 'kept-to-itself' } };
    const added = await add(testKey, { url: 'https://a.example/tests', auth });
    const { secret: _, ...endpoint } = (await added.json()) as CreatedEndpoint;
    await add(manageKey, { url: 'https://a.example/live' });
    const change = {
      url: 'https://a.example/own',
      auth: { headers: null, basic: { username: 'u', password: 'p' } },
    };
    await asClient(testKey, 'callback', { method: 'PATCH', body: JSON.stringify(change) });
    const listed = await list(id);
    expect(listed.data.map(({ url }) => url)).toEqual(['https://a.example/live']);
    expect(listed.test).toMatchObject({
      callbackUrl: 'https://a.example/own',
      callbackAuth: { origin: 'https://a.example', headers: [], basic: true },
      data: [endpoint],
    });
    expect(JSON.stringify(listed)).not.toContain('kept-to-itself');
    const path = `${id}/endpoints/${endpoint.id}`;
    expect(codeOf(await send('PATCH', path, { enabled: false }))).toEqual([404, 'not_found']);
  });
});

describe('what a receiver asks for', () => {
  test('is shown by its kind, never in clear', async () => {
    const { id, manageKey } = await create({ callbackUrl: 'https://a.example/callback' });
    const auth = { headers: { 'X-Gateway-Token': 'kept-to-itself' }, basic: null };
    const given = await asClient(manageKey, 'callback', { method: 'PATCH', body: JSON.stringify({ auth }) });
    expect(given.status).toBe(200);
    const { callbackAuth } = await list(id);
    expect(callbackAuth).toEqual({
      origin: 'https://a.example',
      headers: ['x-gateway-token'],
      basic: false,
      clientCertificate: null,
    });
  });

  test('a callback that there is not cannot be tested', async () => {
    const { id } = await create();
    expect(codeOf(await send('POST', `${id}/callback/test`))).toEqual([409, 'no_callback_url']);
  });
});

test('a key that a client made shows with which of its keys', async () => {
  const { id, manageKey } = await create();
  const made = await asClient(manageKey, 'api-keys', { method: 'POST', body: '{"scopes":["read"]}' });
  const { prefix, madeWith } = (await made.json()) as { prefix: string; madeWith: string };
  expect(madeWith).toBe(manageKey.slice(0, 9));
  // As all keys are that an operator makes, and one with the usual scopes rests in another field.
  const usual = await asClient(manageKey, 'api-keys', {
    method: 'POST',
    body: '{"scopes":["submit","read"]}',
  });
  const { prefix: second } = (await usual.json()) as { prefix: string };
  const { body } = await send<{ apiKeys: { prefix: string; madeWith: string | null }[] }>('GET', id);
  const byPrefix = new Map(body.apiKeys.map((key) => [key.prefix, key.madeWith]));
  expect([...byPrefix.values()].filter((each) => each === null)).toHaveLength(2);
  expect([byPrefix.get(prefix), byPrefix.get(second)]).toEqual([madeWith, madeWith]);
});
