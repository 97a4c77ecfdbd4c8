import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findOutsideTool } from '../../support/outside-tool.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';
import { openRaw, requestHead } from '../raw-connection.ts';

const run = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const curlTool = findOutsideTool('curl', ['--version'], 'apt-get install curl');
const python = findOutsideTool('python3', ['--version'], 'apt-get install python3');
const java = findOutsideTool('java', ['-version'], 'apt-get install default-jdk-headless');

const LARGE = 4_000_000;
const TIMES = 60;

let redis: TestRedis;
let producer: ProducerUnderTest;
let url: string;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
  url = `${producer.url}/v1/verifications`;
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

const withKey = () => `Bearer ${producer.client.apiKey}`;
const body = Buffer.alloc(LARGE, 'x');

/** Sends all of the request before it looks at the answer, as simple clients do. */
async function sendThenRead(head: string, sent: Buffer): Promise<number> {
  const connection = openRaw(producer.url);
  connection.socket.pause();
  const failed = new Promise<never>((_resolve, reject) => connection.socket.once('error', reject));
  failed.catch(() => undefined);
  const written = new Promise<void>((resolve) => {
    connection.socket.write(head);
    connection.socket.write(sent, () => resolve());
  });
  await Promise.race([written, failed]);
  connection.socket.resume();
  const { status } = await connection.answer();
  connection.socket.destroy();
  return status;
}

const chunked = Buffer.concat([Buffer.from(`${LARGE.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
const refusals = [
  ['no key', 401, { 'Content-Type': 'application/json' }],
  ['a body that is too large', 413, { 'Content-Type': 'application/json', Authorization: 'key' }],
  ['a type that is not taken', 415, { 'Content-Type': 'text/csv', Authorization: 'key' }],
  ['a coding that is not taken', 415, { 'Content-Encoding': 'gzip', Authorization: 'key' }],
] as const;
const ways = [
  ['on a connection that is kept', 'HTTP/1.1', {}, body],
  ['with Connection: close', 'HTTP/1.1', { Connection: 'close' }, body],
  ['by HTTP/1.0, as nginx does', 'HTTP/1.0', { Connection: 'close' }, body],
  [
    'in chunks, with Connection: close',
    'HTTP/1.1',
    { Connection: 'close', 'Transfer-Encoding': 'chunked' },
    chunked,
  ],
] as const;
const cases = refusals.flatMap(([reason, status, headers]) =>
  ways.map(([way, version, more, sent]) => ({ reason, status, headers, way, version, more, sent })),
);

describe('a client that sends 4 MB before it reads anything gets the refusal', () => {
  test.each(cases)('for $reason, $way', async ({ status, headers, version, more, sent }) => {
    const authorization = 'Authorization' in headers ? { Authorization: withKey() } : {};
    const length = 'Transfer-Encoding' in more ? {} : { 'Content-Length': sent.length };
    const all = { ...headers, ...authorization, ...more, ...length };
    const head = requestHead('POST /v1/verifications', all).replace('HTTP/1.1', version);
    const answers: unknown[] = [];
    for (let i = 0; i < TIMES / 4; i += 1) answers.push(await sendThenRead(head, sent));
    expect(answers).toEqual(Array.from({ length: TIMES / 4 }, () => status));
  });

  test('for headers that are too large', async () => {
    const head = `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`;
    const answers: unknown[] = [];
    for (let i = 0; i < TIMES; i += 1) answers.push(await sendThenRead(head, Buffer.alloc(0)));
    expect(new Set(answers)).toEqual(new Set([431]));
  });

  test('and any other answer that does not need the body', async () => {
    const head = requestHead('GET /livez', { Connection: 'close', 'Content-Length': LARGE });
    const answers: unknown[] = [];
    for (let i = 0; i < TIMES / 4; i += 1) answers.push(await sendThenRead(head, body));
    expect(new Set(answers)).toEqual(new Set([200]));
  });
});

const statuses = (text: string) => text.trim().split(/\s+/).map(Number);
const all = (status: number) => Array.from({ length: TIMES }, () => status);

describe.each([
  ['413', (): string => withKey(), 413],
  ['401', (): string => 'Bearer wrong', 401],
] as const)('a body of 4 MB is answered %s', (_name, authorization, status) => {
  test('to fetch', async () => {
    const answers: unknown[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      const headers = { 'content-type': 'application/json', authorization: authorization() };
      const answer = await fetch(url, { method: 'POST', body: new Uint8Array(body), headers });
      answers.push(answer.status);
      await answer.arrayBuffer();
    }
    expect(answers).toEqual(all(status));
  });

  test.each([true, false])('to node:http (agent: %s)', async (hasAgent) => {
    const answers: unknown[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      answers.push(
        await new Promise((resolve, reject) => {
          const headers = {
            'Content-Type': 'application/json',
            Authorization: authorization(),
            'Content-Length': LARGE,
          };
          const sending = request(
            url,
            { method: 'POST', headers, ...(hasAgent ? {} : { agent: false }) },
            (answer) => {
              answer.resume().once('end', () => resolve(answer.statusCode));
            },
          );
          sending.once('error', reject);
          sending.end(body);
        }),
      );
    }
    expect(answers).toEqual(all(status));
  });

  test
    .skipIf(!curlTool.isPresent)
    .each([['--http1.1'], ['--http1.0'], ['-HExpect:'], ['-HConnection: close']])(
    'to curl %s',
    async (option) => {
      const answers: number[] = [];
      for (let i = 0; i < TIMES / 4; i += 1) {
        const args = [
          '-sS',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}',
          option,
          '-H',
          `Authorization: ${authorization()}`,
        ];
        const types = ['-H', 'Content-Type: application/json', '--data-binary', '@-', url];
        const curl = run('curl', [...args, ...types]);
        curl.child.stdin?.on('error', () => undefined).end(body);
        answers.push(...statuses((await curl).stdout));
      }
      expect(new Set(answers)).toEqual(new Set([status]));
    },
  );

  test.skipIf(!python.isPresent)('to Python’s urllib', async () => {
    const { stdout } = await run('python3', [
      here('early_refusals.py'),
      url,
      `${LARGE}`,
      `${TIMES}`,
      authorization(),
    ]);
    expect(statuses(stdout)).toEqual(all(status));
  });

  test.skipIf(!java.isPresent)(
    'to Java’s HttpClient',
    async () => {
      const { stdout } = await run('java', [
        here('EarlyRefusals.java'),
        url,
        `${LARGE}`,
        `${TIMES}`,
        authorization(),
      ]);
      expect(statuses(stdout)).toEqual(all(status));
    },
    120_000,
  );
});

describe('a client that asks first whether to send its body', () => {
  const head = (headers: Readonly<Record<string, string | number>>) =>
    requestHead('POST /v1/verifications', {
      'Content-Type': 'application/json',
      Expect: '100-continue',
      ...headers,
    });

  test.each([
    ['has no key', () => head({ 'Content-Length': 100 }), 401],
    ['would send too much', () => head({ 'Content-Length': LARGE, Authorization: withKey() }), 413],
  ])('and %s is refused without a 100, and its connection closed', async (_name, makeHead, status) => {
    const connection = openRaw(producer.url);
    connection.send(makeHead());
    const answer = await connection.answer();
    expect([answer.status, answer.headers.get('connection')]).toEqual([status, 'close']);
    connection.socket.destroy();
  });

  test('gets the word to go on once it may, and the answer', async () => {
    const connection = openRaw(producer.url);
    connection.send(head({ 'Content-Length': 2, Authorization: withKey() }));
    expect((await connection.answer()).status).toBe(100);
    connection.send('{}');
    expect((await connection.answer()).status).toBe(422);
    connection.send(requestHead('GET /livez'));
    expect((await connection.answer()).status).toBe(200);
    connection.socket.destroy();
  });
});
