import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type ConsoleFilteredPage,
  consoleDeadLetterPage,
  consoleEndpointHistories,
  consoleFilteredPage,
  consoleSnapshot,
  consoleVerificationDetail,
} from '../../shared/contract/console.ts';
import { reduceEndpointHealth } from '../../shared/store/endpoints/endpoint-health.ts';
import { changeEndpointHealth } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { eraseVerification } from '../../shared/store/verifications/erase.ts';
import { forgetVerification } from '../../shared/store/verifications/forget.ts';
import { recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { withdrawVerification } from '../../shared/store/verifications/withdraw.ts';
import { acceptRecord, CLIENT_ID, mustRead, storeOf, subject } from '../support/records.ts';
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

const storing = (on = desk) => ({ redis: on.redis, keys: on.keys, keyRing: on.settings.VERIQUEUE_KEYS });
const list = async (query = '', on = desk): Promise<ConsoleFilteredPage> =>
  consoleFilteredPage.parse(await on.read(`/console/api/verifications${query}`));
const idsOf = ({ data }: { data: readonly { readonly id: string }[] }) => data.map(({ id }) => id);
const actions = () => desk.log.lines.filter(({ event }) => event === 'operator_action');

describe('the verifications', () => {
  test('are listed over all clients, newest first, page by page, each once', async () => {
    const own = await startConsoleUnderTest(redis.url);
    try {
      const at = Date.now() - 60_000;
      const stored: string[] = [];
      // Three share each millisecond.
      for (let i = 0; i < 9; i += 1)
        stored.push(
          await storeSettled(storing(own), {
            submittedAt: at + Math.floor(i / 3),
            clientId: i % 2 === 0 ? 'client_a' : 'client_b',
          }),
        );
      const found: string[] = [];
      let query = '?limit=4';
      for (;;) {
        const page = await list(query, own);
        found.push(...idsOf(page));
        if (page.nextCursor === null) break;
        query = `?limit=4&cursor=${page.nextCursor}`;
      }
      expect(found).toEqual(stored.toSorted().toReversed());
    } finally {
      await own.close();
    }
  });

  test('are found by id and by their very reference', async () => {
    const at = Date.now();
    const first = await storeSettled(storing(), { reference: 'order 7', submittedAt: at - 10 });
    const second = await storeSettled(storing(), { reference: 'order 7', submittedAt: at });
    const longer = await storeSettled(storing(), { reference: `order 7 ${first}` });
    await storeSettled(storing(), { reference: 'order 77' });
    expect(idsOf(await list(`?search=${first}`))).toEqual([first]);
    expect(idsOf(await list('?search=order%207'))).toEqual([second, first]);
    expect(idsOf(await list(`?search=order%207%20${first}`))).toEqual([longer]);
    expect(idsOf(await list(`?search=${first.replace('ver_', 'evt_')}`))).toEqual([first]);
    expect(idsOf(await list('?search=order'))).toEqual([]);
    const unknown = first.endsWith('0') ? first.replace(/0$/, '1') : first.replace(/.$/, '0');
    expect(idsOf(await list(`?search=${unknown}`))).toEqual([]);
  });

  test.each(['?limit=0', '?limit=101', '?cursor=nonsense', '?search=%20', '?other=1'])(
    'are not listed by %s',
    async (query) => {
      expect((await desk.operator(`/console/api/verifications${query}`)).status).toBe(422);
    },
  );

  test('show their attempts and deliveries, and nothing of the person or of what a receiver said', async () => {
    const id = await storeSettled(storing(), { reference: 'order-8' });
    const waiting = await acceptRecord(desk.redis, desk.keys, desk.settings.VERIQUEUE_KEYS, {
      callbackUrl: `https://shop.example/hooks/${subject.idCard}`,
    });
    const detail = consoleVerificationDetail.parse(await desk.read(`/console/api/verifications/${id}`));
    expect(detail).toMatchObject({
      clientId: CLIENT_ID,
      verification: { id, attempts: [{ code: 'Success', durationMs: 320 }] },
      deliveries: [{ status: 204, durationMs: 41 }],
    });
    const answers = await Promise.all(
      [
        '/console/api/snapshot',
        '/console/api/verifications',
        `/console/api/verifications/${id}`,
        `/console/api/verifications/${waiting}`,
      ].map(async (path) => (await desk.operator(path)).text()),
    );
    for (const text of answers)
      for (const secret of [subject.idCard, subject.name, 'own words', 'imageBase64'])
        expect(text).not.toContain(secret);
    expect(answers[3]).toContain('"callbackOrigin":"https://shop.example"');
  });

  test.each(['ver_01h455vb4pex5vsknk084sn02q', 'nonsense', '%00'])('answer 404 for %s', async (id) => {
    expect((await desk.operator(`/console/api/verifications/${id}`)).status).toBe(404);
  });

  test.each([
    [
      'erased',
      async (id: string) =>
        eraseVerification(storeOf(desk.redis, desk.keys), {
          ...{ id, clientId: CLIENT_ID, keptMs: 60_000, now: Date.now() },
          by: { actorKind: 'client', actor: CLIENT_ID },
        }),
    ],
    [
      'forgotten',
      async (id: string) =>
        forgetVerification(storeOf(desk.redis, desk.keys), { id, clientId: null, now: Date.now() }),
    ],
  ])('leave no trace in the lists when they are %s', async (_, remove) => {
    const id = await storeSettled(storing(), { reference: 'order-9' });
    await remove(id);
    expect(await desk.redis.zscore(desk.keys.allIndex(), id)).toBeNull();
    expect(await desk.redis.zscore(desk.keys.referenceIndex(), `order-9 ${id}`)).toBeNull();
    expect(idsOf(await list('?search=order-9'))).toEqual([]);
  });

  test('leave none when their submission is withdrawn', async () => {
    const id = await acceptRecord(desk.redis, desk.keys, desk.settings.VERIQUEUE_KEYS, {
      reference: 'order-10',
    });
    await withdrawVerification(storeOf(desk.redis, desk.keys), { id, clientId: CLIENT_ID });
    expect(await desk.redis.zscore(desk.keys.allIndex(), id)).toBeNull();
    expect(await desk.redis.zscore(desk.keys.referenceIndex(), `order-10 ${id}`)).toBeNull();
  });
});

describe('the cost of a look', () => {
  /** Commands that Redis has processed. */
  const countCommands = async () => {
    const [, count] = /total_commands_processed:(\d+)/.exec(await desk.redis.info('stats')) ?? [];
    return Number(count);
  };
  const costOf = async (on: ConsoleUnderTest, path: string) => {
    const before = await countCommands();
    const size = (await (await on.operator(path)).text()).length;
    return { commands: (await countCommands()) - before, size };
  };

  test('does not grow with what is stored', async () => {
    const own = await startConsoleUnderTest(redis.url);
    try {
      const paths = ['/console/api/snapshot', '/console/api/verifications', '/console/api/dead-letters'];
      const costs = async () => {
        const found = [];
        for (const path of paths) found.push(await costOf(own, path));
        return found;
      };
      const store = async (count: number) => {
        for (let i = 0; i < count; i += 1)
          await storeSettled(storing(own), {
            reference: `cost-${i}`,
            delivery: i % 2 === 0 ? 'dead' : 'delivered',
          });
      };
      await store(60);
      const few = await costs();
      await store(400);
      const many = await costs();
      many.forEach((cost, i) => {
        // Other connections speak now and then; a page of 25 more records would be 25 commands more.
        expect(cost.commands).toBeLessThan((few[i]?.commands ?? 0) + 20);
        expect(cost.size).toBeLessThan((few[i]?.size ?? 0) * 1.1);
      });
    } finally {
      await own.close();
    }
  });
});

describe('the snapshot', () => {
  test('is what the console was promised', async () => {
    const id = await storeSettled(storing(), {
      outcome: { billed: false, code: 'FailedOperation.UnKnown', verdict: 'error' },
    });
    const snapshot = consoleSnapshot.parse(await desk.read('/console/api/snapshot'));
    expect(snapshot.recent.data[0]).toMatchObject({ id, verdict: 'error', delivery: 'delivered' });
    expect(snapshot.today.outcomes).toContainEqual(
      expect.objectContaining({ code: 'FailedOperation.UnKnown', unbilled: 1 }),
    );
    expect(snapshot.arrivals.granted).toHaveLength(600);
  });
});

describe('the lane', () => {
  const status = async () => (await desk.read<{ lane: object }>('/console/api/snapshot')).lane;

  test('is paused with a reason and resumed, and each leaves a line in the log', async () => {
    const before = actions().length;
    expect(await (await desk.post('/console/api/lane/pause', { reason: 'moving house' })).json()).toEqual({
      status: 'paused',
    });
    await vi.waitFor(async () =>
      expect(await status()).toMatchObject({ status: 'paused', reason: 'moving house' }),
    );
    expect((await desk.post('/console/api/lane/resume')).status).toBe(200);
    await vi.waitFor(async () => expect(await status()).toMatchObject({ status: 'running' }));
    expect(actions().slice(before)).toMatchObject([
      { action: 'pause_lane', status: 'paused', reason: 'moving house' },
      { action: 'resume_lane', status: 'resumed' },
    ]);
  });

  test.each([
    [{}],
    [{ reason: '' }],
    [{ reason: ' ' }],
    [{ reason: 'x'.repeat(201) }],
    [{ reason: 'a', more: 1 }],
  ])('is not paused by %j', async (body) => {
    expect((await desk.post('/console/api/lane/pause', body)).status).toBe(422);
  });
});

describe('the endpoints', () => {
  const endpoints = async () =>
    consoleEndpointHistories.parse(await desk.read('/console/api/endpoints')).data;

  test('of the clients are listed, held by hand, and stay held whatever a worker says of them', async () => {
    const client = await desk.addClient({ callbackUrl: 'https://shop.example/events' });
    const endpoint = `${client.clientId} https://shop.example`;
    const find = async () => (await endpoints()).find(({ clientId }) => clientId === client.clientId);
    expect(await find()).toMatchObject({ status: 'healthy', origin: 'https://shop.example' });
    expect(await (await desk.post('/console/api/endpoints/hold', { endpoint })).json()).toEqual({
      status: 'held',
    });
    // An attempt that was under way ends well: what a worker concludes, and what it writes.
    const accepted = { result: 'accepted', status: 204, durationMs: 1, answer: '' } as const;
    const { after } = await changeEndpointHealth(desk.redis, desk.keys, endpoint, (health) =>
      reduceEndpointHealth(health, accepted, Date.now()),
    );
    expect(after.status).toBe('disabled');
    const id = await storeSettled(storing(), { clientId: client.clientId });
    await recordDelivery(desk.redis, desk.keys, {
      run: makeRunToken(),
      id,
      status: 'delivered',
      nextAttemptAt: null,
      attempt: null,
      now: Date.now(),
      keepUntil: null,
      recovered: endpoint,
    });
    expect(await find()).toMatchObject({ status: 'held', reason: 'operator' });
    const { deliveries } = consoleSnapshot.parse(await desk.read('/console/api/snapshot'));
    expect(deliveries.endpoints.data).toContainEqual(expect.objectContaining({ clientId: client.clientId }));
    const released = await desk.post('/console/api/endpoints/release', { endpoint });
    expect(released.status).toBe(202);
    await desk.log.line(
      ({ event, task }) => event === 'operator_task_done' && task === `release ${endpoint}`,
    );
    expect(await find()).toMatchObject({ status: 'healthy' });
    expect(actions().slice(-2)).toMatchObject([
      { action: 'hold_endpoint', endpoint, status: 'held' },
      { action: 'release_endpoint', endpoint, status: 'releasing' },
    ]);
  });

  test.each(['', 'client_a', 'client_a ftp://x', 'client_a none', 'a b c'])(
    'are not held as “%s”',
    async (endpoint) => {
      expect((await desk.post('/console/api/endpoints/hold', { endpoint })).status).toBe(422);
    },
  );
});

describe('dead letters', () => {
  const dead = async () => idsOf(consoleDeadLetterPage.parse(await desk.read('/console/api/dead-letters')));
  const deliveryOf = async (id: string) => (await mustRead(desk.redis, desk.keys, id)).delivery.status;

  test('are listed, the latest first, and redelivered one by one or all together', async () => {
    const at = Date.now() - 10_000;
    const stored: string[] = [];
    for (let i = 0; i < 4; i += 1)
      stored.push(await storeSettled(storing(), { delivery: 'dead', submittedAt: at + i * 1_000 }));
    expect(await dead()).toEqual(stored.toReversed());
    const [one = '', ...rest] = stored;
    const answer = await desk.post(`/console/api/verifications/${one}/redeliver`);
    expect([answer.status, await answer.json()]).toEqual([202, { status: 'redelivered' }]);
    expect(await deliveryOf(one)).toBe('pending');
    expect((await desk.post(`/console/api/verifications/${one}/redeliver`)).status).toBe(409);
    expect((await desk.post('/console/api/dead-letters/redeliver')).status).toBe(202);
    const done = await desk.log.line(
      ({ event, task }) => event === 'operator_task_done' && task === 'redeliver dead letters',
    );
    expect(done).toMatchObject({ found: 3, redelivered: 3 });
    expect(await dead()).toEqual([]);
    for (const id of rest) expect(await deliveryOf(id)).toBe('pending');
    expect(actions().slice(-3)).toMatchObject([
      { action: 'redeliver', verification: one, status: 'redelivered' },
      { action: 'redeliver', verification: one, status: 'not_due' },
      { action: 'redeliver_dead_letters', status: 'redelivering' },
    ]);
  });
});

describe('the queues', () => {
  test('are shown with ids alone, and nothing in them can be changed', async () => {
    const { id } = await desk.submitted();
    const board = await desk.operator('/queues/api/queues?activeQueue=verifications&status=prioritized');
    expect(board.status).toBe(200);
    const text = await board.text();
    expect(text).toContain(id);
    expect(text).not.toContain('idCard');
    for (const [method, path] of [
      ['PUT', '/queues/api/queues/verifications/clean/prioritized'],
      ['PUT', '/queues/api/queues/verifications/pause'],
      ['PUT', `/queues/api/queues/verifications/${id}/promote`],
      ['PUT', `/queues/api/queues/verifications/${id}/clean`],
      ['PUT', '/queues/api/queues/verifications/obliterate'],
      ['POST', '/queues/api/queues/verifications/add'],
    ]) {
      const answer = await desk.operator(path ?? '', { method: method ?? '' });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect(await desk.redis.exists(`${desk.keys.queuePrefix}:verifications:${id}`)).toBe(1);
  });
});

describe('a key that holds something else', () => {
  test('costs its own entry, not the page', async () => {
    const own = await startConsoleUnderTest(redis.url);
    try {
      const good = await storeSettled(storing(own), { submittedAt: Date.now() - 1_000 });
      const bad = ['ver_bad_1', 'ver_bad_2'];
      for (const id of bad) {
        await own.redis.zadd(own.keys.allIndex(), Date.now(), id);
        await own.redis.zadd(own.keys.deadLetters(), Date.now(), id);
        await own.redis.set(own.keys.record(id), 'not a hash');
      }
      await own.redis.hset(own.keys.apiKeys(), 'some hash', 'client_bad');
      await own.redis.set(own.keys.client('client_bad'), 'not a hash');
      const endpoint = 'client_bad https://example.com';
      await own.redis.sadd(own.keys.deferringEndpoints(), endpoint);
      await own.redis.hset(own.keys.endpointHealth(endpoint), 'not', 'a string');
      await own.redis.set(own.keys.deferredDeliveries(endpoint), 'not a sorted set');
      expect(idsOf(await list('', own))).toEqual([good]);
      expect(await own.read('/console/api/dead-letters')).toMatchObject({ data: [] });
      consoleEndpointHistories.parse(await own.read('/console/api/endpoints'));
      consoleSnapshot.parse(await own.read('/console/api/snapshot'));
    } finally {
      await own.close();
    }
  });
});
