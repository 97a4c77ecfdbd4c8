import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Problem } from '../../shared/contract/problem.ts';
import { type ConsoleUnderTest, startConsoleUnderTest } from '../console/console-under-test.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
let desk: ConsoleUnderTest;
let clientId: string;

beforeAll(async () => {
  redis = await startTestRedis();
  desk = await startConsoleUnderTest(redis.url);
  ({ clientId } = await desk.addClient({}));
});
afterAll(async () => {
  await desk?.close();
  await redis?.stop();
});

/** What `Number` makes a number of, and a reader of the API does not. */
const NO_DIGITS = ['', ' 1', '1 ', '+1', '-1', '0x1', '1e0', '1.0', '0b1', 'Infinity', '１'];

const OPERATORS_ROUTES = [
  ['verifications', 'limit'],
  ['dead-letters', 'limit'],
  ['activity', 'limit'],
  ['audit/search', 'limit'],
  ['audit/search', 'cursor'],
  ['audit', 'after'],
  ['audit', 'limit'],
  ['logs', 'latest'],
  ['clients/{client}/deliveries', 'limit'],
  ['clients/{client}/promises-at-risk', 'weight'],
] as const;

interface Described {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly type?: string; readonly maximum?: number };
}

/** The calls of clients that take a whole number in their query, as the API's description has them. */
async function describedNumbers(): Promise<[path: string, name: string, maximum: number | undefined][]> {
  const answer = await fetch(`${desk.operationsUrl}/openapi.json`);
  const { paths } = (await answer.json()) as {
    paths: Record<string, { get?: { parameters?: readonly Described[] } }>;
  };
  return Object.entries(paths).flatMap(([path, { get }]) =>
    (get?.parameters ?? [])
      .filter((each) => each.in === 'query' && each.schema.type === 'integer')
      .map(({ name, schema }): [string, string, number | undefined] => [path, name, schema.maximum]),
  );
}

async function refusalOf(answer: Promise<Response>): Promise<unknown[]> {
  const { code, errors } = (await (await answer).json()) as Problem;
  return [(await answer).status, code, errors?.map(({ pointer, detail }) => `${pointer} ${detail}`)];
}

test('a whole number of a query is decimal digits, at every call of clients and of operators', async () => {
  const described = await describedNumbers();
  expect(described).toEqual([
    ['/v1/verifications', 'limit', 100],
    ['/v1/events', 'after', undefined],
    ['/v1/events', 'limit', 500],
    ['/v1/events', 'wait', 20],
    ['/v1/deliveries', 'limit', 100],
  ]);
  const asked = [
    ...described.map(
      ([path, name]) => [(query: string) => desk.call(`${path}?${query}`), path, name] as const,
    ),
    ...OPERATORS_ROUTES.map(([route, name]) => {
      const path = `/console/api/${route.replace('{client}', clientId)}`;
      return [(query: string) => desk.operator(`${path}?${query}`), path, name] as const;
    }),
  ];
  for (const [ask, path, name] of asked) {
    for (const text of NO_DIGITS) {
      const refusal = await refusalOf(ask(new URLSearchParams({ [name]: text }).toString()));
      const detail = `/${name} must be a whole number, in decimal digits`;
      expect([path, name, text, ...refusal]).toEqual([path, name, text, 422, 'invalid_query', [detail]]);
    }
    // Of a client without events, `after` is beyond the last.
    const known = path === '/v1/events' && name === 'after' ? '0' : '1';
    expect([path, (await ask(`${name}=${known}`)).status]).toEqual([path, 200]);
    expect([path, (await ask(`${name}=${'9'.repeat(400)}`)).status]).toEqual([path, 422]);
    expect([path, (await ask(`${name}=1&${name}=1`)).status]).toEqual([path, 422]);
  }
});
