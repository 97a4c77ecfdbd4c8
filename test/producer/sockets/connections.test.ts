import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HTTP_TIMEOUTS } from '../../../producer/http-limits.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';
import { openRaw, type RawConnection, requestHead } from '../raw-connection.ts';

let redis: TestRedis;
const started: ProducerUnderTest[] = [];
const opened: RawConnection[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(async () => {
  for (const { socket } of opened.splice(0)) socket.destroy();
  for (const producer of started.splice(0)) await producer.close();
});
afterAll(() => redis?.stop());

async function start(options: Parameters<typeof startProducerUnderTest>[1] = {}): Promise<ProducerUnderTest> {
  const producer = await startProducerUnderTest(redis.url, options);
  started.push(producer);
  return producer;
}
function open({ url }: ProducerUnderTest): RawConnection {
  const connection = openRaw(url);
  opened.push(connection);
  return connection;
}
const get = (path: string, headers = {}) => requestHead(`GET ${path}`, headers);
async function ask(connection: RawConnection, path = '/livez') {
  connection.send(get(path));
  return connection.answer();
}
const upload = (producer: ProducerUnderTest, headers: Readonly<Record<string, string | number>> = {}) =>
  requestHead('POST /v1/verifications', {
    Authorization: `Bearer ${producer.client.apiKey}`,
    'Content-Type': 'application/json',
    'Content-Length': 1_000,
    ...headers,
  });
async function metric(connection: RawConnection, name: string): Promise<number> {
  const { body } = await ask(connection, '/metrics');
  const line = body.split('\n').find((text) => text.startsWith(`${name},`) || text.startsWith(`${name}}`));
  return Number(line?.split(' ').at(-1));
}

describe('connections of one address', () => {
  test('that are idle make room for new ones', async () => {
    const producer = await start({ environment: { MAX_SOCKETS_PER_ADDRESS: '20' } });
    const idle = Array.from({ length: 20 }, () => open(producer));
    await Promise.all(idle.map((connection) => ask(connection)));
    // All of them may be evicted once they are a second old; until then a new one is refused.
    await expect
      .poll(async () => (await ask(open(producer)).catch(() => null))?.status, {
        timeout: 60_000,
        interval: 300,
      })
      .toBe(200);
    await Promise.any(idle.map(({ closed }) => closed));
  });

  test('that are busy leave no room: one more is answered 429, with a code and a time to come back', async () => {
    const producer = await start({ environment: { MAX_SOCKETS_PER_ADDRESS: '10' } });
    const watching = open(producer);
    await ask(watching);
    const busy = Array.from({ length: 9 }, () => open(producer));
    for (const connection of busy) connection.send(upload(producer));
    const uploads = 'veriqueue_http_sockets{state="busy"';
    await expect.poll(() => metric(watching, uploads), { timeout: 60_000 }).toBe(10);
    // The one that watches is never idle for a second.
    const { status, headers, body } = await ask(open(producer));
    expect([status, headers.get('retry-after'), headers.get('connection')]).toEqual([429, '1', 'close']);
    expect(JSON.parse(body)).toMatchObject({ code: 'too_many_connections' });
    expect(
      await metric(watching, 'veriqueue_http_sockets_turned_away_total{reason="refused"'),
    ).toBeGreaterThan(0);
    for (const connection of busy) connection.send(Buffer.alloc(1_000, 'x'));
    for (const connection of busy) expect((await connection.answer()).status).toBe(400);
  });

  test('are not limited when it is a trusted proxy', async () => {
    const producer = await start({
      environment: { MAX_SOCKETS_PER_ADDRESS: '2', TRUSTED_PROXIES: '10.0.0.0/8,127.0.0.1' },
    });
    const many = Array.from({ length: 30 }, () => open(producer));
    for (const connection of many) connection.send(upload(producer));
    for (const connection of many) connection.send(Buffer.alloc(1_000, 'x'));
    for (const connection of many) expect((await connection.answer()).status).toBe(400);
  });

  test('a proxy that is no address is refused at start, by name', async () => {
    await expect(start({ environment: { TRUSTED_PROXIES: 'proxy.example' } })).rejects.toThrow('CIDR');
  });
});

describe('an answer that its client does not read', () => {
  test('does not hold its connection open without end', async () => {
    const producer = await start({ timeouts: { ...HTTP_TIMEOUTS, socketIdleMs: 500 } });
    const connection = open(producer);
    connection.socket.pause();
    // Far more than the system takes in on both sides.
    connection.send(get('/docs/static/swagger-ui-bundle.js').repeat(40));
    const watching = open(producer);
    await expect
      .poll(() => metric(watching, 'veriqueue_http_sockets{state="busy"'), { timeout: 60_000 })
      .toBe(1);
    connection.socket.resume();
    await connection.closed;
  });
});

describe('a shutdown', () => {
  const stopWithin = async (producer: ProducerUnderTest) => {
    const began = performance.now();
    await producer.stop();
    return performance.now() - began;
  };
  // The deadline is ten seconds; what is closed at once leaves nearly all of it.
  const SOON_MS = 6_000;

  test.each<[string, (producer: ProducerUnderTest) => Promise<unknown>]>([
    ['a connection on which nothing was ever sent', async (producer) => open(producer)],
    [
      'half of a request’s head',
      async (producer) => open(producer).send('GET /livez HTTP/1.1\r\nHost: a\r\n'),
    ],
    ['a connection that is kept open', async (producer) => ask(open(producer))],
    [
      'a client that goes on sending after its refusal',
      async (producer) => {
        const connection = open(producer);
        connection.send(upload(producer, { Authorization: 'Bearer wrong', 'Content-Length': 5_000_000 }));
        await connection.answer();
        const timer = setInterval(() => connection.send('x'), 50);
        connection.socket.once('close', () => clearInterval(timer));
      },
    ],
    [
      'a client whose request could not be parsed, and who does not close',
      async (producer) => {
        const connection = open(producer);
        connection.send('NONSENSE\r\n\r\n');
        await connection.answer();
      },
    ],
  ])('does not wait for %s', async (_name, disturb) => {
    const producer = await start();
    await ask(open(producer));
    await disturb(producer);
    // The producer knows of the connection when it has answered another one after it.
    await ask(open(producer));
    expect(await stopWithin(producer)).toBeLessThan(SOON_MS);
  });

  test('does not wait for a form that its parser skipped', async () => {
    const producer = await start();
    const part = `--b\r\nContent-Disposition: attachment\r\n\r\n${'x'.repeat(60_000)}\r\n--b--\r\n`;
    const answer = await producer.submit(part, { 'content-type': 'multipart/form-data; boundary=b' });
    expect(answer.status).toBe(400);
    expect(await stopWithin(producer)).toBeLessThan(SOON_MS);
  });
});
