import type { Socket } from 'node:net';
import { Pool } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { readAnswerBody } from '../../../worker/upstream/answer-body.ts';
import { startPost } from '../../../worker/upstream/upstream-post.ts';
import { startRawUpstream } from './raw-upstream.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const LIMITS = { bodyTimeoutMs: 20_000, maxAnswerBytes: 5 };
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n';

/** Resolves when the head of the answer has come. */
async function post(answer: (socket: Socket) => void) {
  const upstream = await startRawUpstream({ onRequest: answer });
  const pool = new Pool(upstream.endpoint.origin);
  open.push(() => pool.destroy(), upstream.close);
  const started = startPost(pool, { path: '/', method: 'POST', body: 'question' }, LIMITS.maxAnswerBytes);
  expect(await started.reply).toMatchObject({ kind: 'response', status: 200 });
  return started;
}

it('a body that has come with its head is read at once', async () => {
  const started = await post((socket) => socket.write(`${HEAD}whole`));
  expect(await readAnswerBody(LIMITS, started)).toEqual(Buffer.from('whole'));
});

it('a body that comes later is waited for', async () => {
  const sockets: Socket[] = [];
  const started = await post((socket) => {
    sockets.push(socket);
    socket.write(HEAD);
  });
  expect(started.bodyEnd()).toBeNull();
  const reading = readAnswerBody(LIMITS, started);
  sockets[0]?.write('later');
  expect(await reading).toEqual(Buffer.from('later'));
});

it('a body that was broken off by us is interrupted, one that broke by itself is cut short', async () => {
  const ours = await post((socket) => socket.write(`${HEAD}hal`));
  ours.abort();
  expect(await readAnswerBody(LIMITS, ours)).toMatchObject({ code: 'Veriqueue.Interrupted' });
  const theirs = await post((socket) => socket.end(`${HEAD}hal`));
  expect(await readAnswerBody(LIMITS, theirs)).toMatchObject({ code: 'Veriqueue.TruncatedAnswer' });
});

it('a body with one byte more than an answer may have is too large', async () => {
  const started = await post((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nlonger'));
  expect(await readAnswerBody(LIMITS, started)).toMatchObject({ code: 'Veriqueue.AnswerTooLarge' });
});
