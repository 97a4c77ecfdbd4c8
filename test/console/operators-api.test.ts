import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ConsoleActivity, consoleActivity } from '../../shared/contract/console-activity.ts';
import {
  type ConsoleNewOperator,
  type ConsoleOperators,
  consoleOperators,
} from '../../shared/contract/console-operators.ts';
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
let now = Date.now();

beforeAll(async () => {
  redis = await startTestRedis();
  desk = await startConsoleUnderTest(redis.url, { now: () => now });
});
afterAll(async () => {
  await desk?.close();
  await redis?.stop();
});
beforeEach(async () => {
  await desk.redis.del(desk.keys.operators(), desk.keys.operatorUses(), desk.keys.consoleSessions());
});

const as = (key: string, method: string, path: string, body?: object) =>
  fetch(`${desk.operationsUrl}/console/api${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as Problem).code];
const add = async (name: string, readOnly = false, by = OPERATOR_KEY): Promise<string> => {
  const answer = await as(by, 'POST', '/operators', { name, readOnly });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as ConsoleNewOperator).operatorKey;
};
const list = async (key = OPERATOR_KEY): Promise<ConsoleOperators> =>
  consoleOperators.parse(await (await as(key, 'GET', '/operators')).json());
const revoke = (name: string, query = '', by = OPERATOR_KEY) =>
  as(by, 'DELETE', `/operators/${encodeURIComponent(name)}${query}`);
const lastAction = async () =>
  consoleActivity.parse(await desk.read<ConsoleActivity>('/console/api/activity?limit=1')).data[0];
const beginSession = async (key: string): Promise<string> => {
  const answer = await fetch(`${desk.operationsUrl}/console/api/session`, {
    method: 'POST',
    body: JSON.stringify({ key }),
    headers: { 'content-type': 'application/json', origin: desk.operationsUrl },
  });
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
};

describe('an operator', () => {
  test('is added by another, with a key that opens at once and is never shown again', async () => {
    const first = await add('lin.wei');
    const second = await add('赵敏', true, first);
    expect(second).toMatch(/^vqo_[0-9a-f]{72}$/);
    expect(await lastAction()).toMatchObject({
      operator: 'lin.wei',
      action: 'add_operator',
      target: '赵敏',
      result: 'added',
    });
    const listed = await list(second);
    expect(listed).toMatchObject({
      self: '赵敏',
      data: [
        { name: 'lin.wei', readOnly: false, prefix: first.slice(0, 12) },
        { name: '赵敏', readOnly: true, prefix: second.slice(0, 12) },
      ],
    });
    expect(JSON.stringify([listed, desk.log.lines])).not.toContain(second.slice(0, 20));
    expect(await codeOf(await as(second, 'POST', '/operators', { name: 'more' }))).toEqual([
      403,
      'read_only',
    ]);
    expect(await codeOf(await revoke('lin.wei', '', second))).toEqual([403, 'read_only']);
  });

  test('needs a name that no other has, and one of a hundred places', async () => {
    await add('taken');
    expect(await codeOf(await as(OPERATOR_KEY, 'POST', '/operators', { name: 'taken' }))).toEqual([
      409,
      'operator_name_taken',
    ]);
    for (const name of ['', 'environment', 'two words', 'a'.repeat(41)]) {
      const answer = await as(OPERATOR_KEY, 'POST', '/operators', { name });
      expect([name, ...(await codeOf(answer))]).toEqual([name, 422, 'invalid_request']);
    }
    const reserved = await as(OPERATOR_KEY, 'POST', '/operators', { name: 'environment' });
    expect(await reserved.json()).toMatchObject({ errors: [{ pointer: '/name', code: 'reserved_name' }] });
    for (let i = 1; i < MAX_OPERATORS; i += 1)
      await addOperator(desk.redis, desk.keys, { name: `n${i}`, readOnly: false, now: 0 });
    expect(await codeOf(await as(OPERATOR_KEY, 'POST', '/operators', { name: 'more' }))).toEqual([
      409,
      'too_many_operators',
    ]);
  });

  test('is shown with the time when the key was last used, and with its open sessions', async () => {
    const key = await add('reads', true);
    expect((await list()).data[0]).toMatchObject({ lastUsedAt: null, sessions: 0 });
    const used = now;
    const cookie = await beginSession(key);
    await beginSession(key);
    now += 30_000;
    await list(key);
    const instant = (ms: number) => new Date(ms).toISOString();
    // Written down once a minute.
    expect((await list()).data[0]).toMatchObject({ lastUsedAt: instant(used), sessions: 2 });
    now += 31_000;
    await fetch(`${desk.operationsUrl}/console/api/snapshot`, { headers: { cookie } });
    const { data, environment } = await list();
    expect(data[0]?.lastUsedAt).toBe(instant(now));
    expect([environment.sessions, environment.lastUsedAt]).toEqual([0, expect.any(String)]);
    await revoke('reads');
    expect(Object.keys(await desk.redis.hgetall(desk.keys.operatorUses()))).toEqual(['environment']);
  });
});

describe('a revoked operator', () => {
  test('is refused at once, and its open pages and streams end', async () => {
    const [leaving] = [await add('leaves'), await add('stays')];
    const cookie = await beginSession(leaving);
    const page = await readEvents(desk.operationsUrl, { cookie });
    const script = await readEvents(desk.operationsUrl, { authorization: `Bearer ${leaving}` });
    await Promise.all([page.next('snapshot'), script.next('snapshot')]);
    expect((await revoke('leaves')).status).toBe(200);
    await Promise.all([page.ended, script.ended]);
    expect(await codeOf(await as(leaving, 'GET', '/operators'))).toEqual([401, 'operator_key_required']);
    expect(await lastAction()).toMatchObject({
      operator: 'environment',
      action: 'revoke_operator',
      target: 'leaves',
      result: 'revoked',
    });
    expect(await codeOf(await revoke('leaves'))).toEqual([404, 'not_found']);
  });

  test('may not be oneself, unless that is said', async () => {
    const [own, other] = [await add('own'), await add('other')];
    expect(await codeOf(await revoke('own', '', own))).toEqual([409, 'own_operator_key']);
    expect((await list(own)).self).toBe('own');
    expect((await revoke('own', '?evenOwn=true', own)).status).toBe(200);
    expect((await as(own, 'GET', '/operators')).status).toBe(401);
    expect((await list(other)).data.map(({ name }) => name)).toEqual(['other']);
  });

  test('may not be the last one who can change things, unless that is said', async () => {
    await add('auditor', true);
    const last = await add('last');
    expect(await codeOf(await revoke('last'))).toEqual([409, 'last_operator_key']);
    expect(await lastAction()).toMatchObject({ action: 'revoke_operator', result: 'last_full_key' });
    expect(await codeOf(await revoke('last', '?evenOwn=true', last))).toEqual([409, 'last_operator_key']);
    expect((await revoke('auditor')).status).toBe(200);
    expect((await revoke('last', '?evenLast=true')).status).toBe(200);
    expect((await list()).data).toEqual([]);
  });

  test('is one of the two who revoke each other at once: the second is refused', async () => {
    const [one, two] = [await add('one'), await add('two')];
    const answers = await Promise.all([revoke('two', '', one), revoke('one', '', two)]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect([401, 409]).toContain(statuses[1]);
    expect((await list()).data).toHaveLength(1);
  });
});

describe('the command line', { timeout: 240_000 }, () => {
  const over = (key = OPERATOR_KEY) => ({
    VERIQUEUE_OPERATOR_URL: desk.operationsUrl,
    VERIQUEUE_OPERATOR_KEY: key,
  });
  const onRedis = () => ({ REDIS_URL: redis.url, LANE: desk.settings.LANE });

  test("manages operators over the operators' API, under the name of its key", async () => {
    const first = await add('first');
    const made = await runJson<{ operatorKey: string }>(
      ['operator', 'add', 'second', '--read-only'],
      over(first),
    );
    expect(await lastAction()).toMatchObject({ operator: 'first', action: 'add_operator', target: 'second' });
    expect((await as(made.operatorKey, 'GET', '/operators')).status).toBe(200);
    const [byApi, byRedis] = [
      await runJson<object[]>(['operator', 'list'], over()),
      await runJson<object[]>(['operator', 'list'], onRedis()),
    ];
    expect(byApi).toEqual(byRedis);
    expect(byApi[1]).toMatchObject({ name: 'second', readOnly: true, lastUsedAt: expect.any(String) });
    const taken = await runCli(['operator', 'add', 'second'], over(first));
    expect(taken.stderr).toBe('error: Operator second already has a key. Revoke it first\n');
    const unasked = await runCli(['operator', 'revoke', 'second'], over(first));
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('needs a confirmation')]);
    const dry = await runCli(['operator', 'revoke', 'second', '--dry-run'], over(first));
    expect(dry.stdout).toBe(
      `Would revoke the key of second at ${desk.operationsUrl}. Nothing was changed.\n`,
    );
    expect(await runJson(['operator', 'revoke', 'second', '--yes'], over(first))).toEqual({
      name: 'second',
      revoked: true,
    });
    expect((await as(made.operatorKey, 'GET', '/operators')).status).toBe(401);
  });

  test.each([
    ["over the operators' API", over],
    ['on Redis', onRedis],
  ])('refuses the last key that may change things, unless --anyway says so: %s', async (_, environment) => {
    await add('last');
    const refused = await runCli(['operator', 'revoke', 'last', '--yes'], environment());
    expect([refused.code, refused.stderr]).toEqual([
      1,
      'error: The key of last is not revoked: it is the last one that may change things. Add --anyway if you mean it\n',
    ]);
    expect((await list()).data).toHaveLength(1);
    const dry = await runCli(['operator', 'revoke', 'last', '--dry-run'], environment());
    expect(dry.stdout).toContain('although it is the last one that may change things');
    expect((await runCli(['operator', 'revoke', 'last', '--yes', '--anyway'], environment())).code).toBe(0);
    expect((await list()).data).toEqual([]);
  });

  test('refuses the key that it uses itself, unless --anyway says so', async () => {
    const [own] = [await add('own'), await add('other')];
    const refused = await runCli(['operator', 'revoke', 'own', '--yes'], over(own));
    expect(refused.stderr).toContain('this command itself uses it');
    expect((await runCli(['operator', 'revoke', 'own', '--yes', '--anyway'], over(own))).code).toBe(0);
    const unknown = await runCli(['operator', 'revoke', 'own', '--yes'], over());
    expect(unknown.stderr).toBe('error: No operator has the name own\n');
  });
});
