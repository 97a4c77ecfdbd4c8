import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

/** Bytes as they are, for what no HTTP client would send. */
async function sendRaw(url: string, bytes: string): Promise<{ status: number; code: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head.toLowerCase()).toContain('content-type: application/problem+json');
  const problem = JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) as {
    status: number;
    code: string;
  };
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${problem.status} `));
  return { status: problem.status, code: problem.code };
}

describe('a request that leads nowhere', () => {
  test.each([
    ['GET', '/doc'],
    ['GET', '/v2/verifications'],
    ['POST', '/v1/verification'],
    ['GET', '/v1/verifications/a/b/c'],
    ['POST', '/v1/verifications/ver_1/redelivery'],
    ['GET', '/docs/static/none.js'],
    ['GET', '/docs/static/../../package.json'],
  ])('%s %s is 404', async (method, path) => {
    const answer = await producer.call(path, { method, ...(method === 'POST' ? { body: 'x' } : {}) });
    expect([answer.status, (await readProblem(answer)).code]).toEqual([404, 'not_found']);
  });

  test.each([
    ['PUT', '/v1/verifications', 'GET, HEAD, POST'],
    ['DELETE', '/v1/verifications', 'GET, HEAD, POST'],
    ['PATCH', '/v1/verifications/ver_1', 'DELETE, GET, HEAD'],
    ['POST', '/v1/verifications/ver_1', 'DELETE, GET, HEAD'],
    ['DELETE', '/v1/verifications/ver_1/deliveries', 'GET, HEAD'],
    ['POST', '/v1/lane', 'GET, HEAD'],
    ['OPTIONS', '/v1/outcomes', 'GET, HEAD'],
    ['POST', '/readyz', 'GET, HEAD'],
  ])('%s %s is 405 and says what the path takes', async (method, path, allow) => {
    const answer = await producer.call(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect((await readProblem(answer)).code).toBe('method_not_allowed');
  });
});

describe('a request that cannot be read', () => {
  test.each([
    [
      'a URL with a broken escape',
      'GET /v1/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      400,
      'malformed_request',
    ],
    ['something that is not HTTP', 'HELLO\r\n\r\n', 400, 'malformed_request'],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n', 400, 'malformed_request'],
    [
      'two lengths',
      'POST /v1/verifications HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
      'malformed_request',
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}`,
      431,
      'headers_too_large',
    ],
    [
      'a URL that is too long',
      `GET /${'a'.repeat(2_100)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      414,
      'url_too_long',
    ],
  ])('with %s gets a problem', async (_name, bytes, status, code) => {
    expect(await sendRaw(producer.url, bytes)).toEqual({ status, code });
  });
});

describe('every answer', () => {
  test.each(['/livez', '/v1/lane', '/nope', '/openapi.json', '/docs/', '/docs/static/swagger-ui.css'])(
    'of %s carries the security headers',
    async (path) => {
      const { headers } = await producer.call(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/script-src[^;]*(unsafe|http|\*)/);
    },
  );

  test.each(['/v1/lane', '/v1/verifications', '/v1/verifications/ver_1'])(
    'of %s is not stored',
    async (path) => {
      expect((await producer.call(path)).headers.get('cache-control')).toBe('no-store');
    },
  );
});
