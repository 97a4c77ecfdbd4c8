import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from './producer-under-test.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, {
    timeouts: {
      headersMs: 400,
      requestMs: 800,
      bodyStallMs: 600,
      keepAliveMs: 300,
      socketIdleMs: 30_000,
      checkMs: 50,
    },
  });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

interface Closed {
  readonly answer: string;
  /** How much of it was sent before the server had enough. */
  readonly sent: number;
}

/** Sends one byte at a time until the server closes the connection. */
async function trickle(text: string, everyMs: number): Promise<Closed> {
  const { hostname, port } = new URL(producer.url);
  const socket: Socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.writable && sent < text.length) socket.write(text.charAt(sent));
    sent += 1;
  }, everyMs);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => chunks.push(chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(timer);
  return { answer: Buffer.concat(chunks).toString(), sent };
}

describe('a client that sends one byte at a time', () => {
  test('of its headers is answered 408, and its connection is closed', async () => {
    const head = `GET /v1/lane HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`;
    const { answer, sent } = await trickle(head, 5);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    expect(sent).toBeLessThan(head.length);
  });

  test('of its body is answered 408, and leaves nothing behind', async () => {
    const body = 'x'.repeat(10_000);
    const head = [
      'POST /v1/verifications HTTP/1.1',
      'Host: a',
      `Authorization: Bearer ${producer.client.apiKey}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ].join('\r\n');
    const { hostname, port } = new URL(producer.url);
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write(`${head}\r\n\r\n`);
    const timer = setInterval(() => socket.writable && socket.write('x'), 5);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(timer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 408 /);
    expect(await producer.redis.zcard(producer.keys.unfinishedIndex())).toBe(0);
  });

  test('keeps no other client waiting', async () => {
    const slow = Array.from({ length: 50 }, () => trickle(`GET /${'x'.repeat(2_000)}`, 20));
    const answer = await producer.call('/v1/lane');
    expect(answer.status).toBe(200);
    for (const { answer: refusal } of await Promise.all(slow)) expect(refusal).toMatch(/^HTTP\/1\.1 408 /);
  });
});

test('a connection that is kept open and unused is closed', async () => {
  const { hostname, port } = new URL(producer.url);
  const socket = connect(Number(port), hostname);
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(socket.destroyed).toBe(true);
});
