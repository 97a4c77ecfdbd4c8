import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOperatorSessions } from '../../producer/console/operator-session.ts';
import { isSameOrigin } from '../../producer/console/same-origin.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import { startProducerUnderTest } from '../producer/producer-under-test.ts';
import { recordLog } from '../support/recorded-log.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ConsoleUnderTest, OPERATOR_KEY, startConsoleUnderTest } from './console-under-test.ts';

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

  test('is sent over https alone when a proxy brings that', async () => {
    const answer = await signIn(OPERATOR_KEY, { ...ownPage(), 'x-forwarded-proto': 'https' });
    expect(answer.headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  test('ends after twelve hours, and when the operator ends it', async () => {
    const cookie = cookieOf(await signIn(OPERATOR_KEY));
    const signedIn = async () =>
      ((await (await ask('/console/api/session', { cookie })).json()) as { signedIn: boolean }).signedIn;
    expect(await signedIn()).toBe(true);
    now += 12 * 3_600_000;
    expect(await signedIn()).toBe(false);
    const ended = await ask('/console/api/session', { cookie, ...ownPage() }, 'DELETE');
    expect(ended.headers.get('set-cookie')).toMatch(/^veriqueue_operator=;.*Max-Age=0/);
  });

  test('is accepted by every producer with the key, and by none with another', () => {
    const token = createOperatorSessions(OPERATOR_KEY).begin(now);
    expect(createOperatorSessions(OPERATOR_KEY).isValid(token, now)).toBe(true);
    expect(createOperatorSessions(`${OPERATOR_KEY}2`).isValid(token, now)).toBe(false);
  });

  test('cannot be prolonged or made up', () => {
    const sessions = createOperatorSessions(OPERATOR_KEY);
    const [until = '', signature = ''] = sessions.begin(now).split('.');
    const forged = [
      `${Number(until) + 1}.${signature}`,
      `${until}.`,
      `${until}.${'A'.repeat(43)}`,
      '',
      'x.y',
    ];
    expect(forged.filter((token) => sessions.isValid(token, now))).toEqual([]);
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
    ['nobody knows where', {}],
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
  test('are told from the right one, logged without it, and after ten of them nobody of that address is let in for a minute', async () => {
    now += 61_000;
    for (let i = 0; i < 10; i += 1) expect((await signIn(`wrong-${i}`)).status).toBe(401);
    const refused = await signIn(OPERATOR_KEY);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect((await ask('/console/api/snapshot', { authorization: `Bearer ${OPERATOR_KEY}` })).status).toBe(
      429,
    );
    now += 61_000;
    expect((await signIn(OPERATOR_KEY)).status).toBe(204);
    const logged = console.log.lines.filter(({ event }) => event === 'operator_refused');
    expect(logged.length).toBeGreaterThanOrEqual(10);
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
