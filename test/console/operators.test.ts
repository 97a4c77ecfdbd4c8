import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsoleActivity, consoleActivity } from '../../shared/contract/console-activity.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import { addOperator, MAX_OPERATORS } from '../../shared/store/operators/operators.ts';
import { runCli, runJson } from '../cli/run-cli.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import {
  type ConsoleUnderTest,
  OPERATOR_KEY,
  readEvents,
  startConsoleUnderTest,
} from './console-under-test.ts';

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

const environment = () => ({ REDIS_URL: redis.url, LANE: desk.settings.LANE });
const command = (...args: string[]) => runCli(['operator', ...args], environment());
const addKey = async (name: string, ...options: string[]): Promise<string> => {
  const made = await runJson<{ operatorKey: string }>(['operator', 'add', name, ...options], environment());
  return made.operatorKey;
};
const ask = (path: string, headers: Record<string, string>, init: RequestInit = {}) =>
  fetch(`${desk.operationsUrl}/console/api${path}`, {
    ...init,
    headers: { ...(init.body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const pause = (headers: Record<string, string>, reason = 'a test') =>
  ask('/lane/pause', headers, { method: 'POST', body: JSON.stringify({ reason }) });
const signIn = async (key: string): Promise<{ cookie: string; origin: string }> => {
  const origin = desk.operationsUrl;
  const answer = await ask('/session', { origin }, { method: 'POST', body: JSON.stringify({ key }) });
  expect(answer.status).toBe(204);
  return { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '', origin };
};
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as Problem).code];
const activity = async (query = ''): Promise<ConsoleActivity> =>
  consoleActivity.parse(await desk.read(`/console/api/activity${query}`));

describe('an operator with a key', () => {
  test('acts by bearer and by session, and each action stands under the name', async () => {
    const key = await addKey('lin.wei');
    expect(key).toMatch(/^vqo_[0-9a-f]{72}$/);
    expect((await pause(bearer(key))).status).toBe(200);
    const session = await signIn(key);
    expect((await ask('/lane/resume', session, { method: 'POST' })).status).toBe(200);
    expect(await (await ask('/session', session)).json()).toEqual({
      signedIn: true,
      operator: { name: 'lin.wei', readOnly: false },
    });
    const { data } = await activity('?limit=3');
    expect(data).toMatchObject([
      { operator: 'lin.wei', action: 'resume_lane', target: null, result: 'resumed' },
      { operator: 'lin.wei', action: 'pause_lane', target: null, result: 'paused' },
      { operator: 'command line', action: 'add_operator', target: 'lin.wei', result: 'added' },
    ]);
    expect(data[0]?.at.slice(0, 4)).toBe(new Date().toISOString().slice(0, 4));
    // The reason is free text: the log has it, Activity does not.
    expect(JSON.stringify(data)).not.toContain('a test');
    const logged = desk.log.lines.filter(({ event }) => event === 'operator_action');
    expect(logged).toMatchObject([
      { operator: 'lin.wei', action: 'pause_lane', reason: 'a test' },
      { operator: 'lin.wei', action: 'resume_lane' },
    ]);
  });

  test('rests as a hash: neither Redis nor the log has the key', async () => {
    const key = await addKey('hashed');
    await pause(bearer(key));
    const stored = await desk.redis.hgetall(desk.keys.operators());
    const kept = JSON.stringify([stored, await desk.redis.xrange(desk.keys.auditTrail(), '-', '+')]);
    expect(kept).toContain(key.slice(0, 12));
    for (const text of [kept, JSON.stringify(desk.log.lines)]) expect(text).not.toContain(key.slice(0, 20));
  });

  test('is refused at once when it is revoked, with its sessions and their open pages', async () => {
    const [key, other] = [await addKey('leaves'), await addKey('stays')];
    const [session, staying] = [await signIn(key), await signIn(other)];
    const stream = await readEvents(desk.operationsUrl, { cookie: session.cookie });
    await stream.next('snapshot');
    expect((await command('revoke', 'leaves', '--yes')).code).toBe(0);
    await stream.ended;
    expect((await ask('/snapshot', session)).status).toBe(401);
    expect((await ask('/snapshot', bearer(key))).status).toBe(401);
    expect((await ask('/snapshot', staying)).status).toBe(200);
    expect((await ask('/snapshot', bearer(other))).status).toBe(200);
    expect((await ask('/snapshot', bearer(OPERATOR_KEY))).status).toBe(200);
    expect(await desk.redis.hgetall(desk.keys.consoleSessions())).not.toHaveProperty(session.cookie);
  });

  test('is refused when its session outlived the revocation in Redis', async () => {
    const key = await addKey('restored');
    const session = await signIn(key);
    const sessions = await desk.redis.hgetall(desk.keys.consoleSessions());
    await command('revoke', 'restored', '--yes');
    await desk.redis.hset(desk.keys.consoleSessions(), sessions);
    expect((await ask('/snapshot', session)).status).toBe(401);
  });
});

test('a stream that a script follows with a key ends when the key is revoked', async () => {
  const key = await addKey('follows');
  const stream = await readEvents(desk.operationsUrl, bearer(key));
  await stream.next('snapshot');
  await command('revoke', 'follows', '--yes');
  await stream.ended;
  await expect(readEvents(desk.operationsUrl, bearer(key))).rejects.toThrow('401');
});

describe('a read-only operator', () => {
  test('sees everything and changes nothing, by bearer and by session', async () => {
    const key = await addKey('auditor', '--read-only');
    const session = await signIn(key);
    const before = (await activity()).data.length;
    for (const headers of [bearer(key), session]) {
      for (const path of ['/snapshot', '/verifications', '/endpoints', '/activity'])
        expect([path, (await ask(path, headers)).status]).toEqual([path, 200]);
      expect(await codeOf(await pause(headers))).toEqual([403, 'read_only']);
      expect(await codeOf(await ask('/dead-letters/redeliver', headers, { method: 'POST' }))).toEqual([
        403,
        'read_only',
      ]);
      const all = await ask('/session?which=all', headers, { method: 'DELETE' });
      expect(await codeOf(all)).toEqual([403, 'read_only']);
    }
    expect((await activity()).data).toHaveLength(before);
    expect(await (await ask('/session', session)).json()).toMatchObject({ operator: { readOnly: true } });
    expect((await ask('/session', session, { method: 'DELETE' })).status).toBe(204);
  });
});

describe('the key of the environment', () => {
  test('acts as the operator environment, and no other may have that name', async () => {
    expect((await pause(bearer(OPERATOR_KEY))).status).toBe(200);
    expect((await activity('?limit=1')).data[0]).toMatchObject({ operator: 'environment' });
    const refused = await command('add', 'environment');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('not be environment')]);
  });
});

describe('all sessions', () => {
  test('are not ended by a request that has none', async () => {
    const session = await signIn(await addKey('unharmed'));
    const answer = await ask('/session?which=all', { origin: desk.operationsUrl }, { method: 'DELETE' });
    expect(await codeOf(answer)).toEqual([401, 'operator_key_required']);
    expect((await ask('/snapshot', session)).status).toBe(200);
  });

  test('are ended by a script with a key', async () => {
    const key = await addKey('ender');
    const session = await signIn(key);
    expect((await ask('/session?which=all', bearer(key), { method: 'DELETE' })).status).toBe(204);
    expect((await ask('/snapshot', session)).status).toBe(401);
    expect((await activity('?limit=1')).data[0]).toMatchObject({ operator: 'ender', action: 'sign_all_out' });
  });
});

describe('the commands', () => {
  test('list operators by name, and refuse a second key for one', async () => {
    await addKey('李雷', '--read-only');
    const listed = await command('list');
    expect(listed.stdout).toMatch(/李雷\s+look\s+vqo_[0-9a-f]{8}…/);
    const again = await command('add', '李雷');
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('already has a key. Revoke it first'),
    ]);
    expect((await command('revoke', '李雷', '--yes')).code).toBe(0);
    expect((await command('revoke', '李雷', '--yes')).stderr).toContain('No operator has the name 李雷');
    expect((await command('add', '李雷')).code).toBe(0);
  });

  test.each(['', '-x', 'two words', 'a'.repeat(41), 'a\nb'])('refuse the name “%s”', async (name) => {
    expect((await command('add', '--', name)).code).toBe(2);
  });

  test('stop at a hundred', async () => {
    const keys = { ...desk.keys, operators: () => `${desk.keys.operators()}-many` };
    for (let i = 0; i < MAX_OPERATORS; i += 1)
      await addOperator(desk.redis, keys, { name: `n${i}`, readOnly: false, now: 0 });
    expect(await addOperator(desk.redis, keys, { name: 'more', readOnly: false, now: 0 })).toEqual({
      status: 'too_many',
    });
  });
});

describe('Activity', () => {
  test('is read page by page, each line once, with what a version before wrote down', async () => {
    const line = ['operator', 'target', 'action', 'result', 'target', 'action', 'result', 'operator'];
    await desk.redis.xadd(desk.keys.operatorActivity(), '1700000000000-0', ...line);
    for (let i = 0; i < 5; i += 1) await pause(bearer(OPERATOR_KEY));
    const [newest] = (await activity('?limit=1')).data;
    expect(newest).toEqual({
      ...{ at: '2023-11-14T22:13:20.000Z', operator: 'target', action: 'result' },
      ...{ target: 'action', result: 'operator' },
    });
    const whole = (await activity('?limit=6')).data;
    const found = [];
    let query = '?limit=2';
    while (found.length < 6) {
      const page = await activity(query);
      found.push(...page.data);
      query = `?limit=2&cursor=${page.nextCursor}`;
    }
    expect(found).toEqual(whole);
    expect(new Set(whole.slice(1).map(({ action }) => action))).toEqual(new Set(['pause_lane']));
  });
});
