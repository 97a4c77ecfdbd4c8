import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { listTraces, type ProducerUnderTest, startProducerUnderTest } from './producer-under-test.ts';
import { makeIdCard, makePng, testName } from './submission-builder.ts';

/** Set `FUZZ_SECONDS` for a longer run. */
const budgetMs = (Number(process.env['FUZZ_SECONDS'] ?? 3) * 1000) / 4;
const options = {
  numRuns: 1_000_000,
  interruptAfterTimeLimit: budgetMs,
  markInterruptAsFailure: false,
} as const;
vi.setConfig({ testTimeout: budgetMs + 30_000 });

let redis: TestRedis;
let producer: ProducerUnderTest;
let before: string[];

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
  const { id } = await producer.submitted();
  await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
  before = await listTraces(producer);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

/** Never our fault, always a problem document, nothing kept. */
async function expectRefusal(answer: Response) {
  const problem = await answer.text();
  expect([answer.status, problem]).not.toEqual([
    expect.toSatisfy((status: number) => status >= 500),
    problem,
  ]);
  if (answer.status === 202) {
    // The generator hit upon a submission that is right: it goes again.
    const { id } = JSON.parse(problem) as { id: string };
    await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
    await producer.redis.del(producer.keys.record(id));
    return;
  }
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(JSON.parse(problem)).toMatchObject({ status: answer.status });
}

async function expectNoGrowth() {
  const kept = (await listTraces(producer)).filter((key) => !key.includes(':index'));
  expect(kept).toEqual(before.filter((key) => !key.includes(':index')));
}

const right = {
  idCard: fc.constant(makeIdCard()),
  name: fc.constant(testName),
  imageBase64: fc.constant(makePng().toString('base64')),
  extra: fc.constant('kyc'),
  reference: fc.constant('order'),
  callbackUrl: fc.constant('https://example.com/'),
  priority: fc.constantFrom('interactive', 'bulk'),
};

/** A submission of which some fields are right, some are anything, some are missing, and some are unknown. */
const almostSubmission = fc
  .record(
    Object.fromEntries(
      Object.entries(right).map(([name, value]) => [
        name,
        fc.oneof(value, fc.jsonValue(), fc.string({ unit: 'binary' })),
      ]),
    ),
    { requiredKeys: [] },
  )
  .chain((fields) =>
    fc.tuple(fc.constant(fields), fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 })),
  )
  .map(([fields, others]) => ({ ...fields, ...others }));

describe('whatever is sent', () => {
  test('as a JSON body, it is never our fault and leaves nothing behind', async () => {
    const body = fc.oneof(
      almostSubmission.map((value) => JSON.stringify(value)),
      fc.json(),
      fc.string({ unit: 'binary' }),
      almostSubmission.map((value) => JSON.stringify(value).slice(0, -3)),
    );
    await fc.assert(
      fc.asyncProperty(body, async (sent) => expectRefusal(await producer.submit(sent))),
      options,
    );
    await expectNoGrowth();
  });

  test('as a multipart body, it is never our fault and leaves nothing behind', async () => {
    const part = fc
      .record({
        name: fc.oneof(fc.constantFrom('idCard', 'name', 'image', 'extra', 'constructor'), fc.string()),
        file: fc.option(fc.string()),
        type: fc.option(fc.constantFrom('application/json', 'text/plain; charset=utf-16', 'image/png', ';;')),
        value: fc.oneof(fc.constant(makeIdCard()), fc.json(), fc.string({ unit: 'binary' })),
        encoding: fc.option(fc.constantFrom('base64', 'quoted-printable', 'x')),
      })
      .map(({ name, file, type, value, encoding }) => {
        const filename = file === null ? '' : `; filename="${file}"`;
        const headers = [
          `Content-Disposition: form-data; name="${name}"${filename}`,
          ...(type === null ? [] : [`Content-Type: ${type}`]),
          ...(encoding === null ? [] : [`Content-Transfer-Encoding: ${encoding}`]),
        ];
        return `--b\r\n${headers.join('\r\n')}\r\n\r\n${value}\r\n`;
      });
    const body = fc
      .tuple(fc.array(part, { maxLength: 6 }), fc.constantFrom('--b--\r\n', '--b--', '', '--b\r\n'))
      .map(([parts, end]) => parts.join('') + end);
    await fc.assert(
      fc.asyncProperty(body, async (sent) =>
        expectRefusal(await producer.submit(sent, { 'content-type': 'multipart/form-data; boundary=b' })),
      ),
      options,
    );
    await expectNoGrowth();
  });

  test('as headers and paths, it is never our fault and leaves nothing behind', async () => {
    const headerText = fc.stringMatching(/^[\x20-\x7e]{0,40}$/);
    const headers = fc.dictionary(
      fc.constantFrom(
        'content-type',
        'idempotency-key',
        'accept',
        'content-encoding',
        'x-forwarded-for',
        'range',
        'if-match',
        'expect-ct',
      ),
      headerText,
    );
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS');
    const path = fc
      .tuple(
        fc.constantFrom('/v1/verifications', '/v1/verifications/', '/v1/lane', '/v1/', '/', '/docs/nothing/'),
        fc.webPath(),
        fc.webQueryParameters(),
      )
      .map(([start, rest, query]) => `${start}${rest}?${query}`);
    await fc.assert(
      fc.asyncProperty(method, path, headers, async (verb, address, sent) => {
        const body = verb === 'POST' ? { body: '{}' } : {};
        const answer = await producer.call(address, { method: verb, headers: sent, ...body });
        expect(answer.status).toBeLessThan(500);
        await answer.arrayBuffer();
      }),
      options,
    );
    await expectNoGrowth();
  });

  test('as raw bytes, the process answers or closes, and goes on', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        'GET / HTTP/1.1',
        'POST /v1/verifications HTTP/1.1',
        'Host: a',
        'Transfer-Encoding: chunked',
        'Content-Length: 5',
        'Connection: close',
        'Expect: 100-continue',
        'Upgrade: websocket',
        '',
      ),
      fc.string({ unit: 'binary' }),
    );
    const { hostname, port } = new URL(producer.url);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => undefined);
        socket.end(`${lines.join('\r\n')}\r\n\r\n`);
        const answer = await text(socket).catch(() => '');
        expect(answer).not.toMatch(/^HTTP\/1\.1 5/m);
      }),
      options,
    );
    expect((await fetch(`${producer.url}/livez`)).status).toBe(200);
    await expectNoGrowth();
  });
});
