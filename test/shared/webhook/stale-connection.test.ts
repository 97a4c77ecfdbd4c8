/** Receivers that close a connection after their answer without saying so, and what is not to be taken for that. */
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDeliveryDispatcher } from '../../../shared/webhook/guarded-connector.ts';
import { createPoster } from '../../../shared/webhook/post-event.ts';
import { resolveWithSystem } from '../../../shared/webhook/resolve-host.ts';
import { listen } from './loopback-receiver.ts';

const body = Buffer.from('{"type":"verification.completed"}');
const OK = 'HTTP/1.1 204 No Content\r\n\r\n';

interface Arrival {
  readonly webhookId: string;
  /** Counted from 1 on its connection. */
  readonly nth: number;
  readonly socket: Socket;
}

/** A receiver made of sockets. `body` is short enough to come with the headers or right after them. */
async function startRawReceiver(answer: (arrival: Arrival) => void) {
  const arrivals: Arrival[] = [];
  const server = createServer((socket) => {
    let received = '';
    let nth = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (!received.endsWith(body.toString())) return;
      const webhookId = /^webhook-id: (.*)$/m.exec(received)?.[1]?.trim() ?? '';
      received = '';
      nth += 1;
      const arrival = { webhookId, nth, socket };
      arrivals.push(arrival);
      answer(arrival);
    });
    onTestFinished(() => {
      socket.destroy();
    });
  });
  const { port, connections } = await listen(server);
  return { url: `http://127.0.0.1:${port}/hook`, arrivals, connections };
}

/** @param connections with one, the second event surely goes over the connection of the first */
function makePoster({ timeoutMs = 10_000, connections = 1 } = {}) {
  const dispatcher = createDeliveryDispatcher({
    resolve: resolveWithSystem,
    allowInsecure: true,
    connectTimeoutMs: 5_000,
    connectionsPerOrigin: connections,
  });
  onTestFinished(() => dispatcher.destroy());
  return createPoster({ dispatcher, timeoutMs, userAgent: 'Veriqueue/test', now: Date.now });
}

const headersOf = (nth: number) => ({ 'webhook-id': `evt_${nth}` });

/** How a connection ends on which a second request arrives. */
const ENDS: [name: string, end: (socket: Socket) => void][] = [
  ['a FIN', (socket) => socket.end()],
  ['a close', (socket) => socket.destroy()],
  ['a reset', (socket) => socket.resetAndDestroy()],
];

describe('a kept connection that is closed before any byte of an answer', () => {
  test.each(ENDS)(
    'by %s is replaced at once: each event arrives, and none counts as failed',
    async (_, end) => {
      const receiver = await startRawReceiver(({ nth, socket }) => {
        if (nth === 1) socket.write(OK);
        else end(socket);
      });
      const post = makePoster();
      for (const nth of Array.from({ length: 40 }).keys()) {
        const result = await post({ url: receiver.url, body, headers: headersOf(nth) });
        expect(result).toMatchObject({ result: 'accepted', status: 204 });
      }
      const repeated = receiver.arrivals.filter(({ nth }) => nth === 2).map(({ webhookId }) => webhookId);
      // Every second one ran into it, and went again under its own id.
      expect(repeated).toHaveLength(20);
      for (const id of repeated)
        expect(receiver.arrivals.filter(({ webhookId }) => webhookId === id)).toHaveLength(2);
    },
  );

  test('by a receiver that closes after each answer: 250 events from eight senders, none fails', async () => {
    const receiver = await startRawReceiver(({ nth, socket }) => {
      // The next event is on its way already when the connection is closed.
      if (nth === 1) socket.write(OK);
      else socket.destroy();
    });
    const post = makePoster({ connections: 8 });
    const events = Array.from({ length: 250 }).keys();
    const results: string[] = [];
    const send = async () => {
      for (const nth of events) {
        const { result } = await post({ url: receiver.url, body, headers: headersOf(nth) });
        results.push(result);
      }
    };
    await Promise.all(Array.from({ length: 8 }, send));
    expect(results).toEqual(Array.from({ length: 250 }, () => 'accepted'));
  });

  test('is replaced once: when the new one breaks too, the attempt has failed', async () => {
    const receiver = await startRawReceiver(({ webhookId, socket }) => {
      if (webhookId === 'evt_1') socket.write(OK);
      else socket.destroy();
    });
    const post = makePoster();
    expect(await post({ url: receiver.url, body, headers: headersOf(1) })).toMatchObject({ status: 204 });
    const failed = await post({ url: receiver.url, body, headers: headersOf(2) });
    expect(failed).toMatchObject({ result: 'unreachable', errorClass: 'reset' });
    expect(receiver.arrivals.map(({ webhookId, nth }) => [webhookId, nth])).toEqual([
      ['evt_1', 1],
      ['evt_2', 2],
      ['evt_2', 1],
    ]);
  });

  test('is replaced within the time of the one attempt', async () => {
    const receiver = await startRawReceiver(({ webhookId, nth, socket }) => {
      if (webhookId === 'evt_1') socket.write(OK);
      else if (nth === 2) socket.destroy();
    });
    const post = makePoster({ timeoutMs: 300 });
    await post({ url: receiver.url, body, headers: headersOf(1) });
    const late = await post({ url: receiver.url, body, headers: headersOf(2) });
    expect(late).toMatchObject({ result: 'unreachable', errorClass: 'timeout' });
    expect(receiver.arrivals).toHaveLength(3);
  });
});

describe('what counts as the receiver’s failure, and is not sent again at once', () => {
  test.each(ENDS)('%s on a new connection', async (_, end) => {
    const receiver = await startRawReceiver(({ socket }) => end(socket));
    const result = await makePoster()({ url: receiver.url, body, headers: headersOf(1) });
    expect(result).toMatchObject({ result: 'unreachable', errorClass: 'reset' });
    expect(receiver.arrivals).toHaveLength(1);
  });

  test.each(['H', 'HTTP/1.1 2', 'HTTP/1.1 103 Early Hints\r\n\r\n'])(
    'a kept connection that breaks after the bytes %j',
    async (bytes) => {
      const receiver = await startRawReceiver(({ webhookId, socket }) => {
        if (webhookId === 'evt_1') socket.write(OK);
        else socket.end(bytes);
      });
      const post = makePoster();
      await post({ url: receiver.url, body, headers: headersOf(1) });
      const result = await post({ url: receiver.url, body, headers: headersOf(2) });
      expect(result).toMatchObject({ result: 'unreachable' });
      expect(receiver.arrivals).toHaveLength(2);
    },
  );

  test('silence on a kept connection', async () => {
    const receiver = await startRawReceiver(({ webhookId, socket }) => {
      if (webhookId === 'evt_1') socket.write(OK);
    });
    const post = makePoster({ timeoutMs: 300 });
    await post({ url: receiver.url, body, headers: headersOf(1) });
    const result = await post({ url: receiver.url, body, headers: headersOf(2) });
    expect(result).toMatchObject({ result: 'unreachable', errorClass: 'timeout' });
    expect(receiver.arrivals).toHaveLength(2);
  });
});
