import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer/producer-under-test.ts';
import { recordLog } from '../support/recorded-log.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

interface Route {
  readonly method: string;
  readonly path: string;
}

const log = recordLog('trace');
let redis: TestRedis;
let producer: ProducerUnderTest;
let stranger: ClientCredentials;
let id: string;
/** Every call the interface has, as it describes itself: a route that is added later is tried too. */
let routes: readonly Route[];

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, { log: log.logger });
  stranger = await producer.addClient();
  ({ id } = await producer.submitted());
  const document = (await (await producer.call('/openapi.json')).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  routes = Object.entries(document.paths)
    .filter(([path]) => path !== PUBLIC)
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

const at = ({ path }: Route, verification: string) => path.replace('{id}', verification);
/** Public keys are for everyone. */
const PUBLIC = '/.well-known/jwks.json';
const withoutId = (text: string) => text.replaceAll(/ver_\w+/g, 'ver_');

describe('every route', () => {
  test('is closed to a caller without a key', async () => {
    expect(routes.length).toBeGreaterThan(6);
    for (const route of routes) {
      const answer = await fetch(`${producer.url}${at(route, id)}`, { method: route.method });
      expect([route, answer.status]).toEqual([route, 401]);
    }
  });

  test('answers a client about another’s verification exactly as about none', async () => {
    const [, ...digits] = [...id].reverse();
    const unknown = `${digits.reverse().join('')}${id.endsWith('0') ? '1' : '0'}`;
    for (const route of routes.filter(({ path }) => path.startsWith('/v1/verifications/{id}'))) {
      const ask = async (verification: string, query: string) => {
        const answer = await producer.call(`${at(route, verification)}${query}`, {
          method: route.method,
          as: stranger,
        });
        const { date, ...headers } = Object.fromEntries(answer.headers);
        return [answer.status, headers, withoutId(await answer.text())];
      };
      for (const query of ['', '?erase=true']) {
        const foreign = await ask(id, query);
        expect([route, foreign[0]]).toEqual([route, 404]);
        expect([route, foreign]).toEqual([route, await ask(unknown, query)]);
      }
    }
    expect((await producer.call(`/v1/verifications/${id}`)).status).toBe(200);
  });

  test('shows nothing of what went wrong inside', async () => {
    // Something that cannot be: the record is no hash.
    await producer.redis.set(producer.keys.record('ver_01m820000000000000000000zz'), 'broken');
    const broken = routes.filter(({ path }) => path.startsWith('/v1/verifications/{id}'));
    const problems = {
      // To its client a record that cannot be read is not there.
      404: { type: '/problems/not_found', status: 404, code: 'not_found' },
      500: { type: '/problems/internal', status: 500, code: 'internal' },
    };
    let failed = 0;
    for (const route of broken) {
      const answer = await producer.call(at(route, 'ver_01m820000000000000000000zz'), {
        method: route.method,
      });
      const problem = (await answer.json()) as Record<string, unknown>;
      expect([route, [404, 500].includes(answer.status)]).toEqual([route, true]);
      const expected = answer.status === 404 ? problems[404] : problems[500];
      expect(problem).toEqual({ ...expected, title: expect.any(String) });
      if (answer.status === 500) failed += 1;
    }
    const failures = log.lines.filter(({ event }) => event === 'request_failed');
    expect(failures).toHaveLength(failed);
    expect(failed).toBeGreaterThan(0);
    // The operator reads where it happened; what was in Redis' hands is not.
    for (const { failure } of failures) expect(failure).toMatch(/^ReplyError\nat /);
    expect(JSON.stringify(failures)).not.toContain('WRONGTYPE');
  });
});
