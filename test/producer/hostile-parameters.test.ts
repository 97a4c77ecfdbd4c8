import { QueueKeys } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { type ConsoleUnderTest, OPERATOR_KEY, startConsoleUnderTest } from '../console/console-under-test.ts';
import { storeSettled } from '../console/stored-verifications.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { measureRedisWork } from '../support/redis-work.ts';

/**
 * Every parameter that says how much is read or how often something is done, with values that ask for too much. What an
 * answer may cost is counted in Redis' own statistics: a clock would say something about the machine.
 */

const RECORDS = 400;
/** The longest page is a hundred records with their places. */
const MOST_COMMANDS = 450;
const MOST_BYTES = 500_000;
/** A refusal looks up the key, takes from a rate, and reads one record at most. */
const REFUSAL_COMMANDS = 25;

let server: TestRedis;
let desk: ConsoleUnderTest;
let stored: string[] = [];
beforeAll(async () => {
  server = await startTestRedis();
  desk = await startConsoleUnderTest(server.url);
  const { redis, keys, settings, client } = desk;
  const storing = { redis, keys, keyRing: settings.VERIQUEUE_KEYS };
  const submittedAt = Date.now() - 60_000;
  stored = await Promise.all(
    Array.from({ length: RECORDS }, (_, i) =>
      storeSettled(storing, {
        clientId: client.clientId,
        reference: 'the same',
        // Twenty share each millisecond.
        submittedAt: submittedAt + Math.floor(i / 20),
        delivery: i % 2 === 0 ? 'dead' : 'delivered',
      }),
    ),
  );
  const delayed = new QueueKeys(keys.queuePrefix).toKey(keys.deliveryQueue, 'delayed');
  for (let i = 0; i < RECORDS; i += 1) {
    await redis.zadd(delayed, i, `job-${i}`);
    await redis.hset(delayed.replace(/delayed$/, `job-${i}`), { name: 'deliver', data: '{}', opts: '{}' });
  }
});
afterAll(async () => {
  await desk?.close();
  await server?.stop();
});

const NUMBERS = [
  '',
  '0',
  '-1',
  '1.5',
  '101',
  '1e9',
  '9'.repeat(40),
  'NaN',
  'Infinity',
  '0x10',
  '٣',
  '%00',
  '1&limit=1',
];
const cursor = (text: string) => Buffer.from(text).toString('base64url');
const CURSORS = [
  '',
  'x',
  '%00',
  'A'.repeat(201),
  'A'.repeat(900),
  cursor('0.ver_01h455vb4pex5vsknk084sn02q'),
  cursor('999999999999999.ver_01h455vb4pex5vsknk084sn02q'),
  cursor(`${Date.now()}.ver_7zzzzzzzzzzzzzzzzzzzzzzzzz`),
  cursor(`${'9'.repeat(60)}.ver_01h455vb4pex5vsknk084sn02q`),
  cursor('-1.ver_01h455vb4pex5vsknk084sn02q'),
  cursor('inf.ver_01h455vb4pex5vsknk084sn02q'),
];
const IDS = [
  'x',
  '%00',
  '*',
  'ver_*',
  'ver_01h455vb4pex5vsknk084sn02q',
  'A'.repeat(900),
  '..%2f..%2fkeys',
  '{vq:main}',
];
const TEXTS = ['%20', '*', '[', 'the%20same', 'x'.repeat(129), '%ff', '%5Bver_', 'the same\u0000'];
const DAYS = [
  '0001-01-01',
  '9999-12-31',
  '2026-02-30',
  'now',
  '1',
  `${'9'.repeat(300)}-01-01`,
  '-271821-04-20',
];

type As = 'client' | 'operator';
const QUERIES: readonly (readonly [As, string, Readonly<Record<string, readonly string[]>>])[] = [
  [
    'client',
    '/v1/verifications',
    { limit: NUMBERS, cursor: CURSORS, status: ['x', '*', 'deferred,queued', 'toString'] },
  ],
  ['client', '/v1/usage', { from: DAYS, to: DAYS, 'from=0001-01-01&to': DAYS }],
  ['operator', '/console/api/verifications', { limit: NUMBERS, cursor: CURSORS, search: TEXTS }],
  ['operator', '/console/api/dead-letters', { limit: NUMBERS, cursor: CURSORS, search: TEXTS }],
  ['operator', '/console/api/endpoints', { limit: NUMBERS }],
  ['operator', '/console/api/snapshot', { seconds: NUMBERS }],
  ['operator', '/console/api/session', { which: ['x', ''] }],
  [
    'operator',
    '/queues/api/queues',
    {
      'activeQueue=deliveries&status=delayed&jobsPerPage': NUMBERS,
      'activeQueue=deliveries&status=delayed&page': NUMBERS,
      activeQueue: ['%25', 'x'.repeat(500)],
      'activeQueue=deliveries&status': ['x', '*', 'x'.repeat(500)],
    },
  ],
];
const PATHS: readonly (readonly [As, string, (id: string) => string])[] = [
  ['client', 'GET', (id) => `/v1/verifications/${id}`],
  ['client', 'GET', (id) => `/v1/verifications/${id}/deliveries`],
  ['client', 'POST', (id) => `/v1/verifications/${id}/redeliver`],
  ['client', 'DELETE', (id) => `/v1/verifications/${id}`],
  ['client', 'DELETE', (id) => `/v1/verifications/${id}?erase=true`],
  ['operator', 'GET', (id) => `/console/api/verifications/${id}`],
  ['operator', 'POST', (id) => `/console/api/verifications/${id}/redeliver`],
  ['operator', 'GET', (id) => `/queues/api/queues/deliveries/${id}`],
  ['operator', 'GET', (id) => `/queues/api/queues/deliveries/${id}/flow?depth=1000&maxChildren=1000000`],
];

const ask = (as: As, path: string, init: RequestInit = {}) =>
  fetch(`${desk.url}${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${as === 'client' ? desk.client.apiKey : OPERATOR_KEY}`,
      ...init.headers,
    },
  });

/** What an answer cost, and whether that is more than it may. */
async function expectBounded(what: string, request: () => Promise<Response>): Promise<void> {
  const { result, calls, replied, commands } = await measureRedisWork(desk.redis, async () => {
    const answer = await request();
    await answer.arrayBuffer();
    return answer.status;
  });
  const limit = result >= 400 ? REFUSAL_COMMANDS : MOST_COMMANDS;
  const isBounded = result < 500 && calls <= limit && replied <= MOST_BYTES;
  expect(isBounded ? 'bounded' : { what, status: result, calls, replied, commands }).toBe('bounded');
}

describe('a parameter that asks for too much', () => {
  test.each(QUERIES)('of %s %s costs no more than one page', async (as, path, parameters) => {
    for (const [name, values] of Object.entries(parameters)) {
      for (const value of values) {
        const target = `${path}?${name}=${value}`;
        await expectBounded(target, () => ask(as, target));
      }
    }
  });

  test.each(PATHS)('of %s %s, an id, costs no more than one look', async (as, method, makePath) => {
    for (const id of IDS) {
      await expectBounded(`${method} ${makePath(id)}`, () => ask(as, makePath(id), { method }));
    }
  });

  test('in a body of the console costs no more than one look', async () => {
    const long = 'x'.repeat(5_000);
    const bodies: readonly (readonly [string, readonly object[]])[] = [
      ['/console/api/lane/pause', [{ reason: long }, { reason: 1 }, { reason: ['a'] }, {}]],
      [
        '/console/api/endpoints/hold',
        [{ endpoint: '*' }, { endpoint: `cli https://${long}` }, { endpoint: 'cli none' }],
      ],
      ['/console/api/endpoints/release', [{ endpoint: '*' }, { endpoint: `${long} none` }, { endpoint: [] }]],
      ['/console/api/session', [{ key: long }, { key: 1 }, { key: { length: 1e9 } }]],
    ];
    for (const [path, each] of bodies) {
      for (const body of each) {
        await expectBounded(`${path} ${JSON.stringify(body).slice(0, 40)}`, () =>
          ask('operator', path, {
            method: 'POST',
            body: JSON.stringify(body),
            headers: { 'content-type': 'application/json' },
          }),
        );
      }
    }
  });

  test('in a header costs no more than one look', async () => {
    const headers = [
      { authorization: `Bearer ${'x'.repeat(8_000)}` },
      { authorization: `Bearer vq_${'*'.repeat(40)}` },
      { cookie: `veriqueue_operator=${'A'.repeat(8_000)}` },
      { cookie: 'veriqueue_operator=*;'.repeat(300) },
      { 'last-event-id': '9'.repeat(2_000) },
      { range: 'bytes=0-99999999999' },
      { 'idempotency-key': '*'.repeat(255) },
    ];
    for (const each of headers) {
      for (const path of ['/v1/verifications?limit=1', '/console/api/snapshot', '/console/api/session']) {
        await expectBounded(`${path} ${JSON.stringify(each).slice(0, 60)}`, () =>
          ask(path.startsWith('/v1') ? 'client' : 'operator', path, {
            headers: each as Record<string, string>,
          }),
        );
      }
    }
  });

  test.each([
    ['usage', '--from', '0001-01-01', '--to', '9999-12-31'],
    ['usage', '--from', '+275760-09-13'],
    ['deliveries', 'list', '--limit', '1e9'],
    ['deliveries', 'list', '--limit', '999999999'],
    ['deliveries', 'redeliver', '--since', '9999999d'],
  ])('of the command line is refused without a look: %s %s %s %s', async (...args) => {
    const environment = { REDIS_URL: server.url, LANE: desk.settings.LANE };
    const { result, commands } = await measureRedisWork(desk.redis, () => runCli(args, environment));
    expect([result.code, result.stderr]).toEqual([2, expect.stringMatching(/^error: /)]);
    expect(Object.keys(commands).filter((name) => /scan|range|getall|mget|zcount/.test(name))).toEqual([]);
  });

  test('leaves no series of its own among the metrics', async () => {
    const series = async () =>
      (await (await fetch(`${desk.url}/metrics`)).text())
        .split('\n')
        .filter((line) => line.startsWith('veriqueue_http'));
    const before = await series();
    for (let i = 0; i < 30; i += 1) {
      await ask('client', `/v1/verifications/ver_${i}`);
      await ask('client', `/v1/none-${i}?${i}=${i}`);
      await ask('operator', `/console/api/verifications?search=${i}`);
    }
    const after = await series();
    expect(after.length - before.length).toBeLessThanOrEqual(30);
    expect(after.join('\n')).not.toMatch(/ver_\d|none-\d|search/);
  });

  test('has left every verification as it was', async () => {
    expect(await desk.redis.zcard(desk.keys.clientIndex(desk.client.clientId))).toBe(stored.length);
  });
});
