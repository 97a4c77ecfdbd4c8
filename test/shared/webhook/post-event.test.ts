import { EventEmitter, getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDeliveryDispatcher } from '../../../shared/webhook/guarded-connector.ts';
import { createPoster } from '../../../shared/webhook/post-event.ts';
import { type ResolveHost, resolveWithSystem } from '../../../shared/webhook/resolve-host.ts';
import { loopbackCertificate } from './loopback-certificate.ts';
import { listen, startReceiver } from './loopback-receiver.ts';

const now = Date.UTC(2030, 0, 1);
const body = Buffer.from('{"type":"verification.completed", "data":{}}\n');

interface Limits {
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly resolve?: ResolveHost;
  readonly ca?: string;
}

function makePoster({ timeoutMs = 5_000, connectTimeoutMs = 3_000, resolve, ca }: Limits = {}) {
  const dispatcher = createDeliveryDispatcher({
    resolve: resolve ?? resolveWithSystem,
    allowInsecure: true,
    connectTimeoutMs,
    connectionsPerOrigin: 8,
    ...(ca === undefined ? {} : { ca }),
  });
  onTestFinished(() => dispatcher.destroy());
  return createPoster({ dispatcher, timeoutMs, userAgent: 'Veriqueue/test', now: () => now });
}

const urlOf = (port: number, path = '/hook') => `http://127.0.0.1:${port}${path}`;

describe('what is sent', () => {
  test('a POST of exactly the given bytes, with the given headers and its own', async () => {
    const receiver = await startReceiver((response) => response.end());
    await makePoster()({ url: urlOf(receiver.port, '/a?b=c'), body, headers: { 'webhook-id': 'ver_1' } });
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/a?b=c' });
    expect(request?.body.equals(body)).toBe(true);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(body.length),
      'user-agent': 'Veriqueue/test',
      'webhook-id': 'ver_1',
    });
  });

  test('deliveries one after the other share a connection, or two where one was not yet free again', async () => {
    const receiver = await startReceiver((response) => response.end('{"ok":true}'));
    const post = makePoster();
    for (const number of Array.from({ length: 50 }).keys()) {
      await post({ url: urlOf(receiver.port), body, headers: { 'webhook-id': `ver_${number}` } });
    }
    expect(receiver.requests).toHaveLength(50);
    expect(receiver.connections()).toBeLessThanOrEqual(2);
  });

  test('refusals keep their connection too', async () => {
    const receiver = await startReceiver((response) => response.writeHead(500).end('no'));
    const post = makePoster();
    for (const _ of Array.from({ length: 50 })) {
      await post({ url: urlOf(receiver.port), body, headers: {} });
    }
    expect(receiver.connections()).toBeLessThanOrEqual(2);
  });
});

describe('the status decides', () => {
  test.each([200, 201, 202, 204, 299])('%i is accepted', async (status) => {
    const receiver = await startReceiver((response) => response.writeHead(status).end());
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: 'accepted', status });
  });

  test.each([300, 301, 302, 303, 304, 307, 308, 400, 401, 404, 410, 429, 500, 503, 599])(
    '%i is refused, and a redirect is not followed',
    async (status) => {
      const elsewhere = await startReceiver((response) => response.end());
      const location = urlOf(elsewhere.port);
      const receiver = await startReceiver((response) => response.writeHead(status, { location }).end());
      const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
      expect(result).toMatchObject({ result: 'refused', status, retryAfterMs: null });
      expect(elsewhere.connections()).toBe(0);
    },
  );

  test.each([
    ['120', 120_000],
    ['Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
    ['whenever', null],
  ])('Retry-After: %s', async (header, retryAfterMs) => {
    const receiver = await startReceiver((response) =>
      response.writeHead(503, { 'retry-after': header }).end(),
    );
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: 'refused', status: 503, retryAfterMs });
  });

  test('Retry-After on two lines: the longer wait', async () => {
    const receiver = await startReceiver((response) =>
      response.writeHead(503, ['retry-after', '60', 'retry-after', '120']).end(),
    );
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: 'refused', status: 503, retryAfterMs: 120_000 });
  });

  test('every header on three lines is no reason to throw', async () => {
    const names = ['retry-after', 'content-type', 'server', 'date', 'location', 'set-cookie', 'x-own'];
    const receiver = await startReceiver((response) =>
      response.writeHead(500, Object.fromEntries(names.map((name) => [name, ['a', 'b', 'c']]))).end('no'),
    );
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: 'refused', status: 500, retryAfterMs: null, answer: 'no' });
  });

  test('the answer is kept up to its first 4 kB', async () => {
    const receiver = await startReceiver((response) => response.writeHead(400).end(`<${'x'.repeat(9_000)}>`));
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: 'refused', answer: `<${'x'.repeat(4_095)}` });
  });

  test.each([
    [200, 'accepted'],
    [500, 'refused'],
  ])('an endless answer is cut off after 16 kB and judged by its %i', async (status, expected) => {
    let written = 0;
    const cutOff = new EventEmitter();
    const cutOffOnce = once(cutOff, 'close');
    const receiver = await startReceiver((response) => {
      response.on('close', () => cutOff.emit('close'));
      response.writeHead(status);
      const pour = () => {
        while (!response.destroyed && response.write('y'.repeat(1_024))) written += 1_024;
      };
      response.on('drain', pour);
      pour();
    });
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: expected, status, answer: 'y'.repeat(4_096) });
    await cutOffOnce;
    // What the two kernels buffer comes on top of 16 kB; without the cap it would be what fits into 5 seconds.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  test('an announcement (1xx) is not taken for the status', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(
        'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno',
      );
    });
    const { port } = await listen(server);
    const result = await makePoster()({ url: urlOf(port), body, headers: {} });
    expect(result).toMatchObject({ result: 'refused', status: 503, retryAfterMs: 7_000, answer: 'no' });
  });

  test('an announcement alone is no status', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
    });
    const { port } = await listen(server);
    const result = await makePoster()({ url: urlOf(port), body, headers: {} });
    expect(result).toMatchObject({ result: 'unreachable', errorClass: 'reset' });
  });

  test('an answer that never ends is waited for until the deadline and then judged by its status', async () => {
    const receiver = await startReceiver((response) => {
      response.writeHead(200);
      response.write('so far');
    });
    const result = await makePoster({ timeoutMs: 200 })({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: 'accepted', status: 200, answer: 'so far' });
  });

  test('an answer that breaks off is judged by its status', async () => {
    const receiver = await startReceiver((response) => {
      response.writeHead(202, { 'content-length': '100' });
      response.write('so far', () => response.destroy());
    });
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject({ result: 'accepted', status: 202, answer: 'so far' });
  });
});

describe('without a status', () => {
  const unreachable = (errorClass: string) => ({ result: 'unreachable', errorClass });

  test('a receiver that says nothing is a timeout', async () => {
    const receiver = await startReceiver(() => {});
    const result = await makePoster({ timeoutMs: 150 })({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject(unreachable('timeout'));
    expect(result.durationMs).toBeGreaterThanOrEqual(140);
  });

  test('a receiver that dribbles its headers is a timeout', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x-slow: 1\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    const { port } = await listen(server);
    const result = await makePoster({ timeoutMs: 200 })({ url: urlOf(port), body, headers: {} });
    expect(result).toMatchObject(unreachable('timeout'));
  });

  test('a handshake that never ends is a connect timeout', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      onTestFinished(() => {
        socket.destroy();
      });
    });
    const { port } = await listen(server);
    const post = makePoster({ connectTimeoutMs: 100 });
    const result = await post({ url: `https://127.0.0.1:${port}/`, body, headers: {} });
    expect(result).toMatchObject(unreachable('connect_timeout'));
  });

  test('a name server that never answers is a connect timeout', async () => {
    const post = makePoster({ connectTimeoutMs: 100, resolve: () => new Promise(() => {}) });
    const result = await post({ url: 'http://receiver.test/', body, headers: {} });
    expect(result).toMatchObject(unreachable('connect_timeout'));
  });

  test('a name without an address is dns', async () => {
    const unknown: ResolveHost = async () => {
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    };
    for (const resolve of [unknown, async () => []]) {
      const result = await makePoster({ resolve })({ url: 'http://receiver.test/', body, headers: {} });
      expect(result).toMatchObject(unreachable('dns'));
    }
  });

  test('a closed port is a refused connection', async () => {
    const server = createServer();
    const { port } = await listen(server);
    server.close();
    await once(server, 'close');
    const result = await makePoster()({ url: urlOf(port), body, headers: {} });
    expect(result).toMatchObject(unreachable('refused_connection'));
  });

  test('a connection that breaks is a reset', async () => {
    const receiver = await startReceiver((response) => response.destroy());
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject(unreachable('reset'));
  });

  test('a certificate of an unknown authority, or for another name, is tls', async () => {
    const receiver = await startReceiver((response) => response.end(), 'https');
    const resolve: ResolveHost = async () => [{ address: '127.0.0.1', family: 4 }];
    const post = (host: string, ca?: string) =>
      makePoster({ resolve, ...(ca === undefined ? {} : { ca }) })({
        url: `https://${host}:${receiver.port}/`,
        body,
        headers: {},
      });
    expect(await post('receiver.test')).toMatchObject(unreachable('tls'));
    expect(await post('other.test', loopbackCertificate)).toMatchObject(unreachable('tls'));
    expect(await post('receiver.test', loopbackCertificate)).toMatchObject({ result: 'accepted' });
    expect(receiver.requests).toHaveLength(1);
  });

  test('https to a server that speaks plain http is tls', async () => {
    const receiver = await startReceiver((response) => response.end());
    const result = await makePoster()({ url: `https://127.0.0.1:${receiver.port}/`, body, headers: {} });
    expect(result).toMatchObject(unreachable('tls'));
  });

  test('headers past 16 kB are too large', async () => {
    const receiver = await startReceiver((response) => {
      response.writeHead(200, { 'x-large': 'z'.repeat(40_000) }).end();
    });
    const result = await makePoster()({ url: urlOf(receiver.port), body, headers: {} });
    expect(result).toMatchObject(unreachable('too_large'));
  });

  test('something that is not HTTP is other', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('220 mail.example ESMTP\r\n');
    });
    const { port } = await listen(server);
    const result = await makePoster()({ url: urlOf(port), body, headers: {} });
    expect(result).toMatchObject(unreachable('other'));
  });
});

describe('abandoning', () => {
  test('rejects with the reason, and leaves no listener behind', async () => {
    const stop = new AbortController();
    const receiver = await startReceiver(() => stop.abort(new Error('draining')));
    const post = makePoster();
    const posted = post({ url: urlOf(receiver.port), body, headers: {}, signal: stop.signal });
    await expect(posted).rejects.toThrow('draining');
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  test('sends nothing when the connection comes after the deadline', async () => {
    const received: Buffer[] = [];
    const seen = new EventEmitter();
    const closed = once(seen, 'close');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => received.push(chunk));
      socket.on('close', () => seen.emit('close'));
    });
    const { port } = await listen(server);
    const naming = new EventEmitter();
    const named = once(naming, 'resolve');
    const resolve: ResolveHost = async () => {
      await named;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const post = makePoster({ timeoutMs: 50, resolve });
    const result = await post({ url: `http://receiver.test:${port}/`, body, headers: {} });
    expect(result).toMatchObject({ result: 'unreachable', errorClass: 'timeout' });
    naming.emit('resolve');
    await closed;
    expect(received).toEqual([]);
  });

  test('sends nothing when it comes first', async () => {
    const receiver = await startReceiver((response) => response.end());
    const post = makePoster();
    const signal = AbortSignal.abort(new Error('draining'));
    await expect(post({ url: urlOf(receiver.port), body, headers: {}, signal })).rejects.toThrow('draining');
    expect(receiver.connections()).toBe(0);
  });

  test('a hundred deliveries under one signal leave no listener and no warning', async () => {
    const warnings: Error[] = [];
    const keep = (warning: Error) => warnings.push(warning);
    process.on('warning', keep);
    onTestFinished(() => {
      process.off('warning', keep);
    });
    const { signal } = new AbortController();
    const receiver = await startReceiver((response) => response.end());
    const post = makePoster();
    const posts = Array.from({ length: 100 }, () =>
      post({ url: urlOf(receiver.port), body, headers: {}, signal }),
    );
    expect((await Promise.all(posts)).every(({ result }) => result === 'accepted')).toBe(true);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(receiver.connections()).toBeLessThanOrEqual(8);
    expect(warnings).toEqual([]);
  });
});
