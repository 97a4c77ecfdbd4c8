import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ConsoleClient,
  type ConsoleNewClient,
  consoleChangedClient,
  consoleClient,
  consoleClients,
  consoleDeadLetterPage,
  consoleEndpointHistories,
  consoleFilteredPage,
  consoleHistory,
  consoleVerificationDetail,
} from '../../shared/contract/console.ts';
import type { ConsoleActivity } from '../../shared/contract/console-activity.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { disableEndpoint } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { readHistory } from '../../shared/store/usage/history.ts';
import { recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { acceptRecord, mustRead } from '../support/records.ts';
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

const storing = () => ({ redis: desk.redis, keys: desk.keys, keyRing: desk.settings.VERIQUEUE_KEYS });
const send = (method: string, path: string, body?: object) =>
  desk.operator(`/console/api${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
const filter = async (query: Record<string, string>) =>
  consoleFilteredPage.parse(await desk.read(`/console/api/verifications?${new URLSearchParams(query)}`));
const idsBy = async (query: Record<string, string>) => (await filter(query)).data.map(({ id }) => id);
const create = async (settings: object): Promise<ConsoleNewClient> => {
  const answer = await send('POST', '/clients', settings);
  expect(answer.status).toBe(201);
  return (await answer.json()) as ConsoleNewClient;
};
const show = async (id: string): Promise<ConsoleClient> =>
  consoleClient.parse(await desk.read(`/console/api/clients/${id}`));
const lastAction = async () => (await desk.read<ConsoleActivity>('/console/api/activity?limit=1')).data[0];
const submits = async (apiKey: string) => {
  const answer = await fetch(`${desk.url}/v1/usage`, { headers: { authorization: `Bearer ${apiKey}` } });
  return answer.status === 200;
};

describe('verifications are found', () => {
  test('by status, verdict, code, client, delivery, endpoint and time, and by all of them together', async () => {
    const shop = await create({ name: 'shop', callbackUrl: 'https://shop.example/events?token=1' });
    const till = await create({ name: 'till' });
    const at = Date.parse('2026-03-01T10:00:00Z');
    const unknown = { verdict: 'error', code: 'FailedOperation.UnKnown', billed: false } as const;
    const one = await storeSettled(storing(), { clientId: shop.id, submittedAt: at });
    const two = await storeSettled(storing(), {
      clientId: shop.id,
      submittedAt: at + 60_000,
      outcome: unknown,
      delivery: 'dead',
    });
    const three = await storeSettled(storing(), { clientId: till.id, submittedAt: at + 120_000 });
    const waiting = await acceptRecord(desk.redis, desk.keys, desk.settings.VERIQUEUE_KEYS, {
      clientId: till.id,
      submittedAt: at + 180_000,
      callbackUrl: 'https://till.example/hook',
    });
    expect(await idsBy({ client: shop.id })).toEqual([two, one]);
    expect(await idsBy({ status: 'completed' })).toEqual([three, one]);
    expect(await idsBy({ status: 'error' })).toEqual([two]);
    expect(await idsBy({ status: 'queued' })).toEqual([waiting]);
    expect(await idsBy({ status: 'failed', client: shop.id })).toEqual([two]);
    expect(await idsBy({ code: unknown.code })).toEqual([two]);
    expect(await idsBy({ delivery: 'dead' })).toEqual([two]);
    expect(await idsBy({ origin: 'https://shop.example' })).toEqual([two, one]);
    expect(await idsBy({ origin: 'https://till.example' })).toEqual([waiting]);
    expect(await idsBy({ origin: 'none' })).toEqual([three]);
    const minute = { from: '2026-03-01T10:01:00Z', before: '2026-03-01T18:02:00+08:00' };
    expect(await idsBy(minute)).toEqual([two]);
    expect(await idsBy({ ...minute, client: till.id })).toEqual([]);
    const first = await filter({ client: shop.id, limit: '1' });
    expect(first).toMatchObject({ data: [{ id: two }] });
    expect(await idsBy({ client: shop.id, limit: '1', cursor: first.nextCursor ?? '' })).toEqual([one]);
    expect(JSON.stringify(await filter({}))).not.toContain('token=1');
  });

  test('with bounded work: a page that compared enough says how far it came, and goes on from there', async () => {
    const rare = await storeSettled(storing(), {
      submittedAt: 1_000,
      outcome: { code: 'FailedOperation.Rare', verdict: 'error' },
    });
    const pipeline = desk.redis.pipeline();
    for (let i = 0; i < 2_500; i += 1)
      pipeline.zadd(desk.keys.allIndex(), 2_000 + i, `ver_01h455vb4pex5vsknk08${String(i).padStart(6, '0')}`);
    await pipeline.exec();
    const page = await filter({ code: 'FailedOperation.Rare' });
    expect(page).toMatchObject({ data: [], searched: 2_000, searchedBack: expect.stringMatching(/^1970/) });
    expect(await idsBy({ code: 'FailedOperation.Rare', cursor: page.nextCursor ?? '' })).toEqual([rare]);
  });

  test('one shows its webhook-id and the body of its event, as they were sent', async () => {
    const id = await storeSettled(storing());
    await desk.redis.hset(desk.keys.record(id), 'event', '{"type":"verification.completed"}');
    const detail = consoleVerificationDetail.parse(await desk.read(`/console/api/verifications/${id}`));
    expect(detail).toMatchObject({
      webhookId: id.replace('ver_', 'evt_'),
      event: '{"type":"verification.completed"}',
    });
  });
});

describe('a client', () => {
  test('is made, changed, and shown with its keys by their beginnings', async () => {
    const made = await create({
      name: '收银台',
      callbackUrl: 'https://a.example/x',
      allowedOrigins: ['https://b.example/'],
      weight: 250,
    });
    expect(await lastAction()).toMatchObject({ action: 'create_client', target: made.id });
    expect(await submits(made.apiKey)).toBe(true);
    const client = await show(made.id);
    expect(client).toMatchObject({
      name: '收银台',
      weight: 250,
      callbackUrl: 'https://a.example/x',
      allowedOrigins: ['https://b.example'],
      apiKeys: [{ prefix: made.apiKey.slice(0, 9) }],
      disabled: false,
    });
    expect(JSON.stringify(client)).not.toContain(made.apiKey);
    const limits = { weight: 400, maxWaiting: 50, budgetMonth: 9, budgetMode: 'warn' };
    const limited = await send('PATCH', `/clients/${made.id}`, limits);
    expect(await limited.json()).toMatchObject({
      weight: 400,
      maxWaiting: 50,
      budget: { mode: 'warn', waiting: 0, day: null, month: { limit: 9, spent: 0 } },
    });
    const unlimited = await send('PATCH', `/clients/${made.id}`, { maxWaiting: null, budgetMonth: null });
    expect(consoleChangedClient.parse(await unlimited.json())).toMatchObject({
      ...{ weight: 400, maxWaiting: null, budget: null, promisesAtRisk: null },
    });
    expect((await send('PATCH', `/clients/${made.id}`, { budgetDay: 0 })).status).toBe(422);
    const changed = await send('PATCH', `/clients/${made.id}`, {
      name: 'till 2',
      callbackUrl: null,
      weight: 1,
    });
    expect(consoleChangedClient.parse(await changed.json())).toMatchObject({
      promisesAtRisk: { verifications: 0, clients: 0, isSampled: false, data: [] },
      name: 'till 2',
      callbackUrl: null,
      weight: 1,
      allowedOrigins: ['https://b.example'],
    });
    const { data } = consoleClients.parse(await desk.read('/console/api/clients'));
    expect(data).toContainEqual(expect.objectContaining({ id: made.id, name: 'till 2' }));
    const without = { maxWaiting: null, budgetDay: null, budgetMonth: null, budgetMode: 'hard' };
    expect((await send('PATCH', `/clients/${made.id}`, without)).status).toBe(200);
    expect(await show(made.id)).toMatchObject({ maxWaiting: null, weight: 1 });
    await send('PATCH', `/clients/${made.id}`, { disabled: true });
    expect((await show(made.id)).disabled).toBe(true);
    expect(await lastAction()).toMatchObject({ action: 'change_client', result: 'disabled' });
  });

  test('has a share of the quota by its weight, as long as something of it waits', async () => {
    const own = await startConsoleUnderTest(redis.url);
    try {
      const read = async (id: string) =>
        consoleClient.parse(await own.read(`/console/api/clients/${id}`)).share;
      const idle = own.client.clientId;
      expect(await read(idle)).toEqual({
        interactive: 0,
        bulk: 0,
        callsLastMinute: 0,
        due: null,
        had: null,
        oldestAt: null,
      });
      const { id } = await own.submitted();
      // One look at all shares is shown for a second.
      await expect
        .poll(() => read(idle), { timeout: 60_000 })
        .toMatchObject({ interactive: 1, bulk: 0, due: 1 });
      const { submittedAt } = await mustRead(own.redis, own.keys, id);
      expect((await read(idle)).oldestAt).toBe(new Date(submittedAt).toISOString());
    } finally {
      await own.close();
    }
  });

  test('gets another key, loses one, and keeps its last', async () => {
    const made = await create({ name: 'keys' });
    const added = (await (await send('POST', `/clients/${made.id}/keys`)).json()) as { apiKey: string };
    expect(await submits(added.apiKey)).toBe(true);
    const revoke = (key: string) => send('DELETE', `/clients/${made.id}/keys/${key.slice(0, 9)}`);
    expect((await revoke(made.apiKey)).status).toBe(200);
    expect((await show(made.id)).apiKeys).toMatchObject([{ prefix: added.apiKey.slice(0, 9) }]);
    const last = await revoke(added.apiKey);
    expect([last.status, ((await last.json()) as Problem).code]).toEqual([409, 'last_key']);
    expect((await revoke('vq_00000000')).status).toBe(404);
  });

  test('gets a key with limits, which are shown', async () => {
    const made = await create({ name: 'limited keys' });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const limits = { scopes: ['manage', 'read'], expiresAt, addresses: ['203.0.113.0/24'] };
    const answer = await send('POST', `/clients/${made.id}/limited-keys`, limits);
    expect(answer.status).toBe(201);
    const { apiKey } = (await answer.json()) as { apiKey: string };
    expect((await show(made.id)).apiKeys).toMatchObject([
      { ...limits, prefix: apiKey.slice(0, 9), scopes: ['read', 'manage'], lastUsedAt: null },
      { scopes: ['submit', 'read'], expiresAt: null, addresses: [], lastUsedAt: null },
    ]);
    const wrong = { scopes: [], expiresAt: '2020-01-01T00:00:00Z', addresses: ['10.1'] };
    const refusals = [wrong, { ...wrong, scopes: ['read'] }].map(async (body) => {
      const refused = await send('POST', `/clients/${made.id}/keys`, body);
      return ((await refused.json()) as Problem).errors?.map(({ pointer }) => pointer);
    });
    expect(await Promise.all(refusals)).toEqual([['/scopes'], ['/addresses/0', '/expiresAt']]);
  });

  test('gets a new webhook secret, beside which the one before signs for a while', async () => {
    const made = await create({ name: 'secrets' });
    const answer = await send('POST', `/clients/${made.id}/secret`, { overlapSeconds: 3_600 });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ webhookSecret: expect.stringMatching(/^whsec_/) });
    const [current, before] = (await show(made.id)).webhookSecrets;
    expect(current?.retiresAt).toBeNull();
    expect(Date.parse(before?.retiresAt ?? '')).toBeGreaterThan(Date.now());
  });

  test.each([
    [{}, '/name'],
    [{ name: 'x', callbackUrl: 'http://a.example/' }, '/callbackUrl'],
    [{ name: 'x', allowedOrigins: ['https://a.example/path'] }, '/allowedOrigins/0'],
    [{ name: 'x', allowedOrigins: ['https://10.0.0.1'] }, '/allowedOrigins/0'],
    [{ name: 'x', weight: 0 }, '/weight'],
  ])('is not made of %j', async (body, pointer) => {
    const strict = await startConsoleUnderTest(redis.url, {
      environment: { ALLOW_INSECURE_CALLBACKS: 'false' },
    });
    try {
      const answer = await strict.post('/console/api/clients', body);
      expect(answer.status).toBe(422);
      expect(((await answer.json()) as Problem).errors?.map((error) => error.pointer)).toEqual([pointer]);
    } finally {
      await strict.close();
    }
  });

  test.each([
    ['GET', '/clients/cli_none'],
    ['PATCH', '/clients/cli_none'],
    ['POST', '/clients/cli_none/keys'],
    ['DELETE', '/clients/cli_none/keys/vq_0'],
    ['POST', '/clients/cli_none/secret'],
  ])('that is unknown answers 404: %s %s', async (method, path) => {
    const body = method === 'PATCH' ? { name: 'x' } : undefined;
    expect((await send(method, path, body)).status).toBe(404);
  });
});

describe('dead letters', () => {
  test('are listed by client and endpoint with the last answer, and those chosen are sent again', async () => {
    const [a, b] = [
      await create({ name: 'a', callbackUrl: 'https://dead-a.example/' }),
      await create({ name: 'b' }),
    ];
    const ids: string[] = [];
    const at = Date.now() - 60_000;
    for (const clientId of [a.id, a.id, b.id])
      ids.push(await storeSettled(storing(), { clientId, delivery: 'dead', submittedAt: at + ids.length }));
    const dead = async (query: string) =>
      consoleDeadLetterPage.parse(await desk.read(`/console/api/dead-letters${query}`)).data;
    expect(await dead(`?client=${a.id}`)).toMatchObject([
      { id: ids[1], origin: 'https://dead-a.example', latest: { status: 500, errorClass: null } },
      { id: ids[0] },
    ]);
    expect(await dead('?origin=https://dead-a.example')).toHaveLength(2);
    expect(JSON.stringify(await dead(''))).not.toContain('own words');
    const [first = '', second = '', other = ''] = ids;
    const chosen = await send('POST', '/dead-letters/redeliver', { ids: [first] });
    expect([chosen.status, await chosen.json()]).toEqual([
      202,
      { status: 'redelivered', redelivered: 1, leftAlone: 0 },
    ]);
    await send('POST', '/dead-letters/redeliver', { client: a.id });
    await desk.log.line(
      ({ event, task }) => event === 'operator_task_done' && task === `redeliver dead letters of ${a.id}`,
    );
    const statuses = await Promise.all(
      [first, second, other].map(async (id) => (await mustRead(desk.redis, desk.keys, id)).delivery.status),
    );
    expect(statuses).toEqual(['pending', 'pending', 'dead']);
  });
});

describe('the events of a period', () => {
  test('of one client are sent again, delivered ones too, up to its end and no further', async () => {
    const [a, b] = [
      await create({ name: 'period', callbackUrl: 'https://period.example/' }),
      await create({ name: 'other' }),
    ];
    const at = Date.now() - 600_000;
    const store = (clientId: string, minutes: number) =>
      storeSettled(storing(), { clientId, delivery: 'delivered', submittedAt: at + minutes * 60_000 });
    const ids = [await store(a.id, 0), await store(a.id, 1), await store(a.id, 2), await store(b.id, 1)];
    const iso = (minutes: number) => new Date(at + minutes * 60_000).toISOString();
    const period = { from: iso(0), until: iso(2) };
    const path = `/clients/${a.id}/redeliveries`;
    const answer = await send('POST', path, period);
    expect([answer.status, await answer.json()]).toEqual([202, { status: 'redelivering' }]);
    const done = await desk.log.line(
      ({ event, task }) => event === 'operator_task_done' && task === `redeliver events of ${a.id}`,
    );
    expect(done).toMatchObject({ found: 2, redelivered: 2 });
    const statuses = await Promise.all(
      ids.map(async (id) => (await mustRead(desk.redis, desk.keys, id)).delivery.status),
    );
    expect(statuses).toEqual(['pending', 'pending', 'delivered', 'delivered']);
    expect(await lastAction()).toMatchObject({
      ...{ action: 'redeliver_period', target: a.id, result: 'redelivering' },
    });
    const wrong = await send('POST', path, { from: iso(2), until: iso(2) });
    const { errors } = (await wrong.json()) as Problem;
    expect([wrong.status, errors]).toEqual([
      422,
      [{ pointer: '/until', code: 'not_after_from', detail: 'must be later than from' }],
    ]);
    expect((await send('POST', path, { from: 'yesterday', until: iso(2) })).status).toBe(422);
    expect((await send('POST', '/clients/cli_none/redeliveries', period)).status).toBe(404);
  });
});

describe('an endpoint', () => {
  const endpointsOf = async (clientId: string) => {
    const { data } = consoleEndpointHistories.parse(await desk.read('/console/api/endpoints'));
    return data.filter((endpoint) => endpoint.clientId === clientId);
  };

  test('shows how its last week went, and the last answer without its words', async () => {
    const client = await create({ name: 'counted', callbackUrl: 'https://counted.example/' });
    const endpoint = `${client.id} https://counted.example`;
    const id = await storeSettled(storing(), { clientId: client.id, delivery: 'dead' });
    for (const status of [500, 204] as const) {
      await recordDelivery(desk.redis, desk.keys, {
        run: makeRunToken(),
        id,
        status: status === 204 ? 'delivered' : 'retrying',
        nextAttemptAt: null,
        attempt: { at: '2026-03-01T10:00:00.000Z', durationMs: 1, status, errorClass: null, answer: 'words' },
        now: Date.now(),
        keepUntil: null,
        endpoint,
      });
    }
    const [shown] = await endpointsOf(client.id);
    expect(shown).toMatchObject({ latest: { status: 204, at: '2026-03-01T10:00:00.000Z' } });
    const sum = (counts: readonly number[] = []) => counts.reduce((total, each) => total + each, 0);
    expect([sum(shown?.accepted), sum(shown?.failed), shown?.accepted.length]).toEqual([1, 1, 28]);
    expect(await desk.redis.ttl(desk.keys.endpointHistory(endpoint))).toBeGreaterThan(7 * 86_400);
    expect(JSON.stringify(await desk.redis.hgetall(desk.keys.endpointHistory(endpoint)))).not.toContain(
      'words',
    );
  });

  test('that events lack is not healthy: they have no callback URL', async () => {
    const client = await create({ name: 'no callback' });
    const endpoint = `${client.id} none`;
    await desk.redis.sadd(desk.keys.deferringEndpoints(), endpoint);
    await desk.redis.zadd(desk.keys.deferredDeliveries(endpoint), 1, 'ver_1', 2, 'ver_2');
    expect(await endpointsOf(client.id)).toMatchObject([{ status: 'no_callback', waiting: 2 }]);
    await disableEndpoint(desk.redis, desk.keys, `${client.id} https://held.example`, Date.now());
    expect(await endpointsOf(client.id)).toMatchObject([
      { origin: 'https://held.example' },
      { origin: 'none' },
    ]);
  });
});

describe('usage', () => {
  test('is read by day and code, and as CSV in which no name is a formula', async () => {
    const client = await create({ name: '=HYPERLINK("x")' });
    await storeSettled(storing(), { clientId: client.id });
    const usage = await desk.read<UsageReport>('/console/api/usage');
    expect(usage.data).toContainEqual(
      expect.objectContaining({ clientId: client.id, code: 'Success', billed: 1 }),
    );
    const csv = await desk.operator('/console/api/usage.csv');
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(csv.headers.get('content-disposition')).toMatch(/attachment; filename="usage-\d{4}-/);
    const lines = (await csv.text()).split('\n');
    expect(lines[0]).toBe('day,client,name,code,billed,unbilled,unknown');
    expect(lines.find((line) => line.includes(client.id))).toContain('"\'=HYPERLINK(""x"")",Success,1,0,0');
    expect((await desk.operator('/console/api/usage?from=2026-03-02&to=2026-03-01')).status).toBe(422);
  });
});

describe('the history', () => {
  const sum = (counts: readonly number[] = []) => counts.reduce((total, each) => total + each, 0);

  test.each(['1h', '6h', '24h', '7d', '30d'])('counts each call once in the last %s', async (range) => {
    const read = async () => consoleHistory.parse(await desk.read(`/console/api/history?range=${range}`));
    const before = await read();
    await storeSettled(storing());
    await storeSettled(storing(), { outcome: { verdict: 'error', code: 'FailedOperation.UnKnown' } });
    const after = await read();
    expect(sum(after.verdicts.match)).toBe(sum(before.verdicts.match) + 1);
    expect(sum(after.verdicts.error)).toBe(sum(before.verdicts.error) + 1);
    const end = Date.parse(after.from) + after.verdicts.match.length * after.stepSeconds * 1000;
    expect(end).toBeGreaterThan(Date.now() - 60_000);
  });

  test('expires by itself, and an invented code takes no room beyond its bound', async () => {
    const hour = Math.floor(Date.now() / 3_600_000);
    const [found = ''] = (await desk.redis.keys(`${desk.keys.tag}:history:minutes:*`)).sort().reverse();
    expect([desk.keys.historyMinutes(hour), desk.keys.historyMinutes(hour - 1)]).toContain(found);
    expect(await desk.redis.ttl(found)).toBeLessThanOrEqual(25 * 3_600);
    const full = Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`0|call|code-${i}`, '1']));
    await desk.redis.hset(desk.keys.historyMinutes(hour), full);
    await desk.redis.hset(desk.keys.historyMinutes(hour + 1), full);
    const size = await desk.redis.hlen(desk.keys.historyMinutes(hour));
    await storeSettled(storing(), { outcome: { code: 'FailedOperation.Invented', verdict: 'error' } });
    expect(await desk.redis.hlen(desk.keys.historyMinutes(hour))).toBe(size);
    const history = await readHistory(desk.redis, desk.keys, '30d', Date.now());
    expect(sum(history.series.get('call|FailedOperation.Invented'))).toBe(1);
  });
});
