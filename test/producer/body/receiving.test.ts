import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordLog } from '../../support/recorded-log.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from '../producer-under-test.ts';
import { openRaw, requestHead } from '../raw-connection.ts';
import { makeSubmission } from '../submission-builder.ts';

const MIB = 1024 * 1024;

let redis: TestRedis;
let producer: ProducerUnderTest;
const log = recordLog();

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, {
    environment: { MAX_UPLOADS_MIB: '12', CLIENT_UPLOADS_MIB: '8' },
    log: log.logger,
    timeouts: {
      headersMs: 10_000,
      requestMs: 60_000,
      bodyStallMs: 700,
      keepAliveMs: 65_000,
      socketIdleMs: 30_000,
      checkMs: 100,
    },
  });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

const uploadHead = (headers: Readonly<Record<string, string | number>>, apiKey = producer.client.apiKey) =>
  requestHead('POST /v1/verifications', {
    Authorization: `Bearer ${apiKey}`,
    'Content-Type': 'application/json',
    ...headers,
  });
const bytesInFlight = async () => {
  const text = await (await fetch(`${producer.url}/metrics`)).text();
  return Number(/^veriqueue_http_body_bytes_in_flight\{.*\} (\d+)$/m.exec(text)?.[1]);
};
const aborts = async () => {
  const text = await (await fetch(`${producer.url}/metrics`)).text();
  const line =
    /^veriqueue_http_requests_total\{method="POST",route="\/v1\/verifications",status="aborted".*\} (\d+)$/m;
  return Number(line.exec(text)?.[1] ?? 0);
};

describe('JSON', () => {
  test.each([
    ['nested 1,500,000 times', `${'['.repeat(1_500_000)}${']'.repeat(1_500_000)}`],
    ['with a value nested nine times', JSON.stringify({ ...makeSubmission(), name: [[[[[[[[1]]]]]]]] })],
    ['of half a million members', JSON.stringify(Array.from({ length: 500_000 }, () => 1))],
    ['of a hundred thousand names', `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join()}}`],
  ])('%s is refused before it is parsed', async (_name, body) => {
    const began = process.cpuUsage();
    const answer = await producer.submit(body);
    expect([answer.status, (await readProblem(answer)).code]).toEqual([400, 'json_too_complex']);
    // Sender and receiver together; parsing the first alone took 1,900.
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(700);
  });
});

describe('a body that stops arriving', () => {
  test.each([
    ['of a known length', { 'Content-Length': 5_000 }, 'x'],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }, '1\r\nx\r\n'],
  ])('%s is answered 408 after a while of its own', async (_name, headers, piece) => {
    const connection = openRaw(producer.url);
    connection.send(uploadHead(headers), piece);
    const answer = await connection.answer();
    expect([answer.status, answer.body]).toEqual([408, expect.stringContaining('request_timeout')]);
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(0);
    connection.socket.destroy();
  });

  test('because its client went away is no fault of ours', async () => {
    const before = await aborts();
    for (const headers of [{ 'Content-Length': 5_000 }, { 'Transfer-Encoding': 'chunked' }]) {
      const connection = openRaw(producer.url);
      connection.send(uploadHead(headers), '10\r\n');
      await expect.poll(bytesInFlight, { timeout: 60_000 }).toBeGreaterThan(0);
      connection.socket.resetAndDestroy();
      await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(0);
    }
    await expect.poll(aborts, { timeout: 60_000 }).toBe(before + 2);
    expect(log.lines.filter(({ event }) => event === 'request_failed')).toEqual([]);
  });
});

describe('the bodies in flight', () => {
  const open = (bytes: number, apiKey?: string) => {
    const connection = openRaw(producer.url);
    connection.send(uploadHead({ 'Content-Length': bytes }, apiKey));
    return connection;
  };
  const refusalOf = async (connection: ReturnType<typeof openRaw>) => {
    const answer = await connection.answer();
    connection.socket.destroy();
    return [
      answer.status,
      (JSON.parse(answer.body) as { code: string }).code,
      answer.headers.get('retry-after'),
    ];
  };
  const drop = async (connections: readonly ReturnType<typeof openRaw>[]) => {
    for (const { socket } of connections) socket.destroy();
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(0);
  };

  test('of one client are bounded before a byte of them has arrived', async () => {
    const held = [open(3 * MIB), open(3 * MIB)];
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(6 * MIB);
    expect(await refusalOf(open(3 * MIB))).toEqual([429, 'client_uploads_full', '1']);
    // A small one fits.
    expect((await producer.submit()).status).toBe(202);
    await drop(held);
    expect((await producer.submit()).status).toBe(202);
  });

  test('of all clients together are bounded too', async () => {
    const [second, third] = await Promise.all([producer.addClient(), producer.addClient()]);
    const held = [open(3 * MIB), open(3 * MIB), open(3 * MIB, second.apiKey)];
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(9 * MIB);
    expect(await refusalOf(open(3 * MIB + 1, third.apiKey))).toEqual([503, 'uploads_full', '1']);
    await drop(held);
  });

  test('in chunks count as they grow', async () => {
    const held = [open(3 * MIB), open(3 * MIB)];
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(6 * MIB);
    const chunked = openRaw(producer.url);
    chunked.send(uploadHead({ 'Transfer-Encoding': 'chunked' }));
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(6 * MIB + 64 * 1024);
    chunked.send('280000\r\n', Buffer.alloc(0x280000, 'x'), '\r\n');
    expect(await refusalOf(chunked)).toEqual([429, 'client_uploads_full', '1']);
    await drop(held);
  });

  test('are given back when a submission is answered, whatever the answer', async () => {
    const answers = await Promise.all([
      producer.submit(),
      producer.submit({}),
      producer.submit('{'),
      producer.submit('['.repeat(100)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([202, 422, 400, 400]);
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(0);
  });

  test('sent byte by byte hold no more than their length', async () => {
    const connection = openRaw(producer.url);
    connection.send(uploadHead({ 'Transfer-Encoding': 'chunked' }), '1\r\nx\r\n'.repeat(60_000));
    await expect.poll(bytesInFlight, { timeout: 60_000 }).toBe(64 * 1024);
    connection.send('0\r\n\r\n');
    expect((await connection.answer()).status).toBe(400);
    connection.socket.destroy();
  });
});
