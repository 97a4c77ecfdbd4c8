import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventDeliveryPage } from '../../shared/contract/event-delivery.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import { recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ConsoleUnderTest, startConsoleUnderTest } from './console-under-test.ts';
import { storeSettled } from './stored-verifications.ts';

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

const EVENT = '{"type":"verification.completed","data":{}}';
const AT = Date.parse('2026-03-02T00:00:00Z');

async function fill() {
  const { clientId } = await desk.addClient({ callbackUrl: 'https://a.example/', allowedOrigins: ['*'] });
  const url = 'https://a.example/events';
  const made = await desk.post(`/console/api/clients/${clientId}/endpoints`, { url });
  const { id: endpointId } = (await made.json()) as { id: string };
  const storing = { redis: desk.redis, keys: desk.keys, keyRing: desk.settings.VERIQUEUE_KEYS };
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const delivery = (['delivered', 'dead', 'delivered', 'delivered', 'pending'] as const)[i] ?? 'pending';
    ids.push(await storeSettled(storing, { clientId, submittedAt: AT + i * 60_000, delivery, event: EVENT }));
  }
  return { clientId, endpointId, ids };
}

const pathOf = (clientId: string) => `/console/api/clients/${clientId}/deliveries`;
const ask = async (clientId: string, query: Readonly<Record<string, string>> = {}) =>
  eventDeliveryPage.parse(await desk.read(`${pathOf(clientId)}?${new URLSearchParams(query)}`));
const numbers = async (...asked: Parameters<typeof ask>) =>
  (await ask(...asked)).data.map(({ sequence }) => sequence);

async function codeOf(path: string): Promise<unknown[]> {
  const answer = await desk.operator(path);
  return [answer.status, ((await answer.json()) as { code?: string }).code];
}

test("an operator reads one client's deliveries as that client does, filtered and page by page", async () => {
  const { clientId, endpointId, ids } = await fill();
  await fill();
  const grant = { scopes: ['read'] as const, expiresAt: null, addresses: [] };
  const target = { redis: desk.redis, keys: desk.keys, clientId };
  const apiKey = (await addApiKey(target, { now: Date.now(), grant })) ?? expect.fail('it must be there');
  const asClient = async (query: string) => {
    const headers = { authorization: `Bearer ${apiKey}` };
    return (await fetch(`${desk.url}/v1/deliveries${query}`, { headers })).json();
  };
  const page = await ask(clientId);
  expect(page.data.map(({ verification }) => verification)).toEqual(ids.toReversed());
  expect(page).toEqual(await asClient(''));
  const toEndpoint = await ask(clientId, { endpoint: endpointId });
  expect(toEndpoint.data.map(({ status, endpoint }) => [status, endpoint])).toEqual(
    ids.map(() => ['pending', endpointId]),
  );
  expect(toEndpoint).toEqual(await asClient(`?endpoint=${endpointId}`));

  expect(await numbers(clientId, { status: 'dead' })).toEqual([2]);
  expect(await numbers(clientId, { status: 'dead', endpoint: endpointId })).toEqual([]);
  const [from, before] = [AT + 60_000, AT + 180_000].map((at) => new Date(at).toISOString());
  const period = { submittedFrom: from ?? '', submittedBefore: before ?? '' };
  expect(await numbers(clientId, period)).toEqual([3, 2]);
  for (const endpoint of ['callback', endpointId]) {
    const pages: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: Record<string, string> = cursor === '' ? {} : { cursor };
      const read = await ask(clientId, { endpoint, limit: '2', ...next });
      pages.push(read.data.map(({ sequence }) => sequence));
      cursor = read.nextCursor;
    }
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  }
});

test('why exactly a receiver was not reached is shown to operators alone', async () => {
  const { clientId, ids } = await fill();
  await recordDelivery(desk.redis, desk.keys, {
    run: makeRunToken(),
    id: ids[4] ?? '',
    status: 'retrying',
    nextAttemptAt: AT + 3_600_000,
    attempt: { at: new Date(AT).toISOString(), durationMs: 4, status: null, errorClass: 'dns', answer: '' },
    now: AT,
    keepUntil: null,
    endpoint: `${clientId} https://a.example`,
  });
  const [last] = (await ask(clientId, { limit: '1' })).data;
  expect(last).toMatchObject({
    ...{ status: 'retrying', lastAttempt: { status: null, errorClass: 'dns' } },
    nextAttemptAt: new Date(AT + 3_600_000).toISOString(),
  });
});

test("nothing of another client's, of no client, and for what is no query", async () => {
  const [mine, other] = [await fill(), await fill()];
  const path = pathOf(mine.clientId);
  expect(await codeOf(`${path}?endpoint=${other.endpointId}`)).toEqual([404, 'not_found']);
  expect(await codeOf(pathOf('cli_none'))).toEqual([404, 'not_found']);
  for (const query of ['endpoint=constructor', 'status=sent', 'limit=0', 'cursor=%00', 'client=x']) {
    expect([query, ...(await codeOf(`${path}?${query}`))]).toEqual([query, 422, 'invalid_query']);
  }
  const keyless = await fetch(`${desk.operationsUrl}${path}`);
  expect(keyless.status).toBe(401);
});
