import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSameOrigin } from '../../producer/operator/same-origin.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import { runCli, runJson } from '../cli/run-cli.ts';
import { startProducerUnderTest } from '../producer/producer-under-test.ts';
import { recordLog } from '../support/recorded-log.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import {
  type ConsoleUnderTest,
  OPERATOR_KEY,
  readEvents,
  startConsoleUnderTest,
} from './console-under-test.ts';

let redis: TestRedis;
let console: ConsoleUnderTest;
let now = Date.now();

beforeAll(async () => {
  redis = await startTestRedis();
  console = await startConsoleUnderTest(redis.url, { now: () => now });
});
afterAll(async () => {
  await console?.close();
  await redis?.stop();
});

const ownPage = () => ({ origin: console.operationsUrl });
const signIn = (key: string, headers: Record<string, string> = ownPage()) =>
  fetch(`${console.operationsUrl}/console/api/session`, {
    method: 'POST',
    body: JSON.stringify({ key }),
    headers: { 'content-type': 'application/json', ...headers },
  });
const cookieOf = (answer: Response) => (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  fetch(`${console.operationsUrl}${path}`, { method, headers, redirect: 'manual' });

const DATA = [
  '/console/api/snapshot',
  '/console/api/verifications',
  '/console/api/dead-letters',
  '/console/api/endpoints',
  '/console/events',
];

describe('without OPERATOR_KEY', () => {
  test('there is no console and there are no queues, and the start says so', async () => {
    const log = recordLog();
    const without = await startProducerUnderTest(redis.url, { log: log.logger });
    expect(log.lines.map(({ event }) => event)).toContain('console_off');
    try {
      for (const path of ['/console', '/console/', '/console/app.js', '/queues', '/queues/', ...DATA])
        expect([path, (await fetch(`${without.url}${path}`)).status]).toEqual([path, 404]);
    } finally {
      await without.close();
    }
  });

  test.each(['short', 'x'.repeat(23)])('a key that is too short is refused: %s', async (key) => {
    await expect(startConsoleUnderTest(redis.url, { environment: { OPERATOR_KEY: key } })).rejects.toThrow(
      'at least 24',
    );
  });
});

describe('without a session', () => {
  test.each(DATA)('%s answers 401', async (path) => {
    const answer = await ask(path, {});
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(((await answer.json()) as Problem).code).toBe('operator_key_required');
  });

  test('a client’s API key opens nothing', async () => {
    for (const path of DATA) {
      const answer = await ask(path, { authorization: `Bearer ${console.client.apiKey}` });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    now += 61_000;
  });

  test('the page is shown, and holds no data', async () => {
    const answer = await ask('/console', {});
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<div id="app"></div>');
  });

  test('the queues lead to the page, their data is refused', async () => {
    const page = await ask('/queues/', {});
    expect([page.status, page.headers.get('location')]).toEqual([303, '/console']);
    expect((await ask('/queues/api/queues', {})).status).toBe(401);
  });
});

describe('a session', () => {
  test('is a cookie that no script reads, no other site sends, and no key is in', async () => {
    const answer = await signIn(OPERATOR_KEY);
    expect(answer.status).toBe(204);
    const cookie = answer.headers.get('set-cookie') ?? '';
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
      expect(cookie).toContain(attribute);
    expect(cookie).not.toContain('Secure');
    expect(cookie).not.toContain(OPERATOR_KEY);
    expect((await ask('/console/api/snapshot', { cookie: cookieOf(answer) })).status).toBe(200);
  });

  test.each(['https', 'https, http', 'HTTPS'])(
    'is sent over https alone when a proxy brings that: %s',
    async (protocol) => {
      const answer = await signIn(OPERATOR_KEY, { ...ownPage(), 'x-forwarded-proto': protocol });
      expect(answer.headers.get('set-cookie')).toMatch(/; Secure$/);
    },
  );

  const stateOf = async (cookie: string, on = console) =>
    (
      (await (await fetch(`${on.operationsUrl}/console/api/session`, { headers: { cookie } })).json()) as {
        signedIn: boolean;
      }
    ).signedIn;
  const signOut = (cookie: string, query = '') =>
    ask(`/console/api/session${query}`, { cookie, ...ownPage() }, 'DELETE');

  test('ends twelve hours after it began, however much it is used', async () => {
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    for (let hour = 0; hour < 12; hour += 1) {
      expect([hour, await stateOf(cookie)]).toEqual([hour, true]);
      now += 3_599_000;
    }
    expect(await stateOf(cookie)).toBe(true);
    now += 12_000;
    expect(await stateOf(cookie)).toBe(false);
  });

  test('ends after an hour without use', async () => {
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    now += 3_600_000;
    expect(await stateOf(cookie)).toBe(false);
    expect((await ask('/console/api/snapshot', { cookie })).status).toBe(401);
  });

  test('ends when its operator signs out, also for who has copied the cookie, and no other with it', async () => {
    const [one, other] = [cookieOf(await signIn(OPERATOR_KEY)), cookieOf(await signIn(OPERATOR_KEY))];
    const stream = await readEvents(console.operationsUrl, { cookie: one });
    const staying = await readEvents(console.operationsUrl, { cookie: other });
    await stream.next('snapshot');
    const ended = await signOut(one);
    expect(ended.headers.get('set-cookie')).toMatch(/^veriqueue_operator=;.*Max-Age=0/);
    await stream.ended;
    expect((await ask('/console/api/snapshot', { cookie: one })).status).toBe(401);
    expect((await ask('/queues/api/queues', { cookie: one })).status).toBe(401);
    expect(await stateOf(other)).toBe(true);
    await staying.next('beat');
    staying.close();
  });

  test('ends with all others when an operator says so, on every producer', async () => {
    const elsewhere = await startConsoleUnderTest(redis.url, {
      now: () => now,
      environment: { LANE: console.settings.LANE },
    });
    try {
      const [one, other] = [cookieOf(await signIn(OPERATOR_KEY)), cookieOf(await signIn(OPERATOR_KEY))];
      expect(await stateOf(one, elsewhere)).toBe(true);
      const streams = await Promise.all([
        readEvents(elsewhere.operationsUrl, { cookie: one }),
        readEvents(console.operationsUrl, { cookie: other }),
      ]);
      const script = await readEvents(console.operationsUrl);
      expect((await signOut(one, '?which=all')).status).toBe(204);
      await Promise.all(streams.map(({ ended }) => ended));
      expect([await stateOf(one, elsewhere), await stateOf(other)]).toEqual([false, false]);
      await script.next('beat');
      script.close();
    } finally {
      await elsewhere.close();
    }
  });

  test('ends from the command line, where it is counted', async () => {
    const environment = { REDIS_URL: redis.url, LANE: console.settings.LANE };
    await runJson(['console', 'sessions', 'revoke'], environment);
    now = Date.now();
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    const stream = await readEvents(console.operationsUrl, { cookie });
    expect(await runJson<object[]>(['console', 'sessions', 'list'], environment)).toHaveLength(1);
    expect(await runJson(['console', 'sessions', 'revoke'], environment)).toEqual({ revoked: 1 });
    await stream.ended;
    expect(await stateOf(cookie)).toBe(false);
    expect((await runCli(['console', 'sessions', 'list'], environment)).stdout).toContain('No sessions.');
  });

  test('ends in the middle of a stream when its time is over', async () => {
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    const stream = await readEvents(console.operationsUrl, { cookie });
    await stream.next('snapshot');
    now += 12 * 3_600_000;
    await stream.ended;
  });

  test('is known to every producer with the key, and to none with another', async () => {
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    const rotated = await startConsoleUnderTest(redis.url, {
      now: () => now,
      environment: { LANE: console.settings.LANE, OPERATOR_KEY: `${OPERATOR_KEY}2` },
    });
    try {
      expect([await stateOf(cookie), await stateOf(cookie, rotated)]).toEqual([true, false]);
    } finally {
      await rotated.close();
    }
  });

  test('cannot be made up, not even by who reads Redis', async () => {
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    const stored = await console.redis.hkeys(console.keys.consoleSessions());
    const token = cookie.split('=')[1] ?? '';
    expect(JSON.stringify(await console.redis.hgetall(console.keys.consoleSessions()))).not.toContain(token);
    for (const forged of [...stored, '', 'x.y', `${token.slice(1)}A`, 'A'.repeat(43), 'A'.repeat(5_000)]) {
      expect(await stateOf(`veriqueue_operator=${forged}`)).toBe(false);
    }
  });

  test('is one of a hundred at most: the one used longest ago gives way', async () => {
    const first = cookieOf(await signIn(OPERATOR_KEY));
    now += 1;
    for (let i = 0; i < 100; i += 1) expect((await signIn(OPERATOR_KEY)).status).toBe(204);
    expect(await stateOf(first)).toBe(false);
    expect(await console.redis.hlen(console.keys.consoleSessions())).toBe(100);
  });
});

describe('a change', () => {
  const pause = (headers: Record<string, string>) =>
    fetch(`${console.operationsUrl}/console/api/lane/pause`, {
      method: 'POST',
      body: JSON.stringify({ reason: 'a test' }),
      headers: { 'content-type': 'application/json', ...headers },
    });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this host', { 'sec-fetch-site': 'same-site' }],
    ['an older browser, from elsewhere', { origin: 'https://evil.example' }],
    ['an unknown place', {}],
  ])('is refused from %s, whatever the cookie', async (_, headers) => {
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    const answer = await pause({ cookie, ...headers });
    expect(answer.status).toBe(403);
    expect(((await answer.json()) as Problem).code).toBe('foreign_origin');
    expect((await console.read<{ lane: { status: string } }>('/console/api/snapshot')).lane.status).toBe(
      'running',
    );
  });

  test('is not a sign-in either', async () => {
    expect((await signIn(OPERATOR_KEY, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  test.each([
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ origin: 'http://a.example:80', host: 'a.example' }, true],
    [{ origin: 'http://a.example', host: 'b.example' }, false],
    [{ origin: 'null', host: 'a.example' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://a.example', host: 'a.example' }, false],
  ])('from %j is of the page itself: %s', (headers, expected) => {
    expect(isSameOrigin(headers)).toBe(expected);
  });
});

describe('wrong keys', () => {
  test('are logged without the key, and soon have to wait; the right one gets in at once', async () => {
    now += 61_000;
    for (let i = 0; i < 10; i += 1) expect((await signIn(`wrong-${i}`)).status).toBe(401);
    for (let i = 10; i < 30; i += 1) {
      const refused = await signIn(`wrong-${i}`);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await signIn(OPERATOR_KEY)).status).toBe(204);
    expect((await ask('/console/api/snapshot', { authorization: `Bearer ${OPERATOR_KEY}` })).status).toBe(
      200,
    );
    expect((await signIn('wrong')).status).toBe(429);
    now += 61_000;
    expect((await signIn('wrong')).status).toBe(401);
    const logged = (name: string) => console.log.lines.filter(({ event }) => event === name);
    expect(logged('operator_refused').length).toBeGreaterThanOrEqual(11);
    expect(logged('operator_refused_often')).toHaveLength(1);
    expect(JSON.stringify(console.log.lines)).not.toMatch(/wrong-\d|vqo_/);
  });
});

describe('the policy', () => {
  test('of the page lets nothing in but its own files', async () => {
    const policy = (await ask('/console', {})).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe');
    const html = await (await ask('/console', {})).text();
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
  });

  test('of the queues lets no script in but their own files', async () => {
    const answer = await console.operator('/queues/');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self';/);
    const html = await answer.text();
    expect(html).not.toContain('googleapis');
    const scripts = [...html.matchAll(/<script(?![^>]*type="application\/json")([^>]*)>/g)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, attributes] of scripts) expect(attributes).toContain('src="static/');
  });
});

describe('on a listener of their own', () => {
  test('console and queues are there, and not beside the API', async () => {
    const own = await startConsoleUnderTest(redis.url, { environment: { OPERATIONS_PORT: '0' } });
    try {
      for (const path of ['/console', '/console/api/snapshot', '/queues/']) {
        expect([path, (await own.operator(path)).status]).toEqual([path, 200]);
        expect([path, (await fetch(`${own.url}${path}`)).status]).toEqual([path, 404]);
      }
    } finally {
      await own.close();
    }
  });
});
