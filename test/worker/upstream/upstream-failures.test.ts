import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { CallResult } from '../../../worker/upstream/upstream-client.ts';
import {
  CREDENTIALS,
  callAtOnce,
  httpAnswer,
  makeClient,
  neverAborted,
  type RawBehavior,
  type RawUpstream,
  SUBJECT,
  startRawUpstream,
} from './raw-upstream.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const LIMITS = {
  answerTimeoutMs: 20_000,
  bodyTimeoutMs: 20_000,
  uploadTimeoutMs: 20_000,
  maxAnswerBytes: 2000,
};
const NO_ANSWER_IN_TIME = { answerTimeoutMs: 150 };

interface Asked {
  readonly result: CallResult;
  readonly upstream: RawUpstream;
}

async function ask(
  behavior: RawBehavior,
  { photo = SUBJECT.photo, limits = {}, credentials = CREDENTIALS } = {},
): Promise<Asked> {
  const upstream = await startRawUpstream(behavior);
  open.push(upstream.close);
  const client = makeClient(upstream.endpoint, { limits: { ...LIMITS, ...limits }, credentials });
  open.push(client.close);
  const prepared = await client.prepare({ ...SUBJECT, photo });
  return { result: await callAtOnce(client, prepared), upstream };
}

const answering = (bytes: string | Buffer): RawBehavior => ({ onRequest: (socket) => socket.end(bytes) });

describe('a call that gets no readable answer', () => {
  it.each<{ when: string; behavior: RawBehavior; code: string; kind: string; limits?: object }>([
    {
      when: 'the connection is reset after the request',
      behavior: { onRequest: (socket) => socket.resetAndDestroy() },
      code: 'Veriqueue.ConnectionReset',
      kind: 'unknown',
    },
    {
      when: 'the connection is closed after the request',
      behavior: { onRequest: (socket) => socket.end() },
      code: 'Veriqueue.ConnectionReset',
      kind: 'unknown',
    },
    {
      when: 'no answer begins',
      behavior: {},
      code: 'Veriqueue.Timeout',
      kind: 'unknown',
      limits: NO_ANSWER_IN_TIME,
    },
    {
      when: 'the headers of the answer never end',
      behavior: { onRequest: (socket) => socket.write('HTTP/1.1 200 OK\r\nx-slow: ') },
      code: 'Veriqueue.Timeout',
      kind: 'unknown',
      limits: NO_ANSWER_IN_TIME,
    },
    {
      when: 'the body of the answer stops coming',
      behavior: { onRequest: (socket) => socket.write(httpAnswer('{"Response":{}}').slice(0, -5)) },
      code: 'Veriqueue.AnswerStalled',
      kind: 'unknown',
      limits: { bodyTimeoutMs: 150 },
    },
    {
      when: 'the body ends before its Content-Length',
      behavior: answering(httpAnswer('{"Response":{}}').slice(0, -5)),
      code: 'Veriqueue.TruncatedAnswer',
      kind: 'unknown',
    },
    {
      when: 'a chunked body lacks its last chunk',
      behavior: answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"Res\r\n'),
      code: 'Veriqueue.TruncatedAnswer',
      kind: 'unknown',
    },
    {
      when: 'the body exceeds what an answer can have',
      behavior: answering(httpAnswer('x'.repeat(2001))),
      code: 'Veriqueue.AnswerTooLarge',
      kind: 'unknown',
    },
    {
      when: 'the answer is of another protocol',
      behavior: answering('SSH-2.0-OpenSSH_9.6\r\n'),
      code: 'Veriqueue.NotHttp',
      kind: 'unknown',
    },
    {
      when: 'the body is empty',
      behavior: answering(httpAnswer('')),
      code: 'Veriqueue.EmptyAnswer',
      kind: 'unknown',
    },
    {
      when: 'the body is HTML',
      behavior: answering(httpAnswer('<html>busy</html>')),
      code: 'Veriqueue.NotJson',
      kind: 'unknown',
    },
    {
      when: 'the body is JSON of another kind',
      behavior: answering(httpAnswer('{"ok":true}')),
      code: 'Veriqueue.UnexpectedAnswer',
      kind: 'unknown',
    },
    {
      when: 'a gateway answers 502',
      behavior: answering(httpAnswer('bad gateway', { status: '502 Bad Gateway' })),
      code: 'Veriqueue.HttpStatus',
      kind: 'unknown',
    },
    {
      when: 'a gateway answers 429',
      behavior: answering(httpAnswer('', { status: '429 Too Many Requests' })),
      code: 'Veriqueue.HttpTooManyRequests',
      kind: 'pace',
    },
    {
      when: 'a gateway answers 403',
      behavior: answering(httpAnswer('', { status: '403 Forbidden' })),
      code: 'Veriqueue.HttpRefused',
      kind: 'account_fault',
    },
    {
      when: 'a gateway answers 413',
      behavior: answering(httpAnswer('', { status: '413 Content Too Large' })),
      code: 'Veriqueue.HttpRejected',
      kind: 'fault',
    },
  ])('is $code when $when', async ({ behavior, code, kind, limits }) => {
    const { result, upstream } = await ask(behavior, limits === undefined ? {} : { limits });
    expect(result).toMatchObject({
      status: 'unanswered',
      code,
      sent: true,
      row: { code, kind },
      repeat: null,
    });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(['line\nend', 'ending\r\n', 'schlüssel\u4e00'])(
    'is an account fault when no request can be formed with the credentials: %j',
    async (bad) => {
      const credentials = { ...CREDENTIALS, token: bad };
      const { result, upstream } = await ask(answering(httpAnswer('')), { credentials });
      expect(result).toMatchObject({
        status: 'unanswered',
        code: 'Veriqueue.RequestNotFormed',
        row: { kind: 'account_fault' },
        sent: false,
      });
      expect(upstream.requests).toHaveLength(0);
    },
  );

  it('does not follow a redirection', async () => {
    const { result, upstream } = await ask(
      answering(httpAnswer('', { status: '302 Found', headers: ['location: /elsewhere'] })),
    );
    expect(result).toMatchObject({ status: 'unanswered', code: 'Veriqueue.HttpRefused', cause: 'HTTP 302' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('stops reading a body without end', async () => {
    const { result } = await ask({
      onRequest: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
        const pump = () => {
          if (!socket.destroyed) socket.write(chunk, pump);
        };
        pump();
      },
    });
    expect(result).toMatchObject({ status: 'unanswered', code: 'Veriqueue.AnswerTooLarge' });
  });
});

describe('a call whose request never completed', () => {
  it('is surely not sent when the connection is refused', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    server.close();
    await once(server, 'close');
    const client = makeClient(new URL(`http://127.0.0.1:${port}`));
    open.push(client.close);
    const result = await callAtOnce(client, await client.prepare(SUBJECT));
    expect(result).toMatchObject({
      status: 'unanswered',
      code: 'Veriqueue.ConnectionFailed',
      sent: false,
      cause: 'ECONNREFUSED',
      row: { kind: 'transient' },
    });
  });

  it('is surely not sent when the name of the host does not resolve', async () => {
    const client = makeClient(new URL('http://upstream.invalid'));
    open.push(client.close);
    const result = await callAtOnce(client, await client.prepare(SUBJECT));
    expect(result).toMatchObject({ status: 'unanswered', code: 'Veriqueue.ConnectionFailed', sent: false });
  });

  it('is surely not sent when TLS fails', async () => {
    const upstream = await startRawUpstream({
      onConnection: (socket) => socket.end('not TLS at all, not TLS at all'),
    });
    open.push(upstream.close);
    const client = makeClient(new URL(upstream.endpoint.href.replace('http:', 'https:')));
    open.push(client.close);
    const result = await callAtOnce(client, await client.prepare(SUBJECT));
    expect(result).toMatchObject({ status: 'unanswered', code: 'Veriqueue.ConnectionFailed', sent: false });
    expect(upstream.requests).toHaveLength(0);
  });

  it('is surely not sent when the upstream does not take the upload', async () => {
    const { result } = await ask(
      { onConnection: (socket) => socket.pause() },
      { photo: Buffer.alloc(8_000_000), limits: { uploadTimeoutMs: 400 } },
    );
    expect(result).toMatchObject({
      code: 'Veriqueue.ConnectionFailed',
      sent: false,
      cause: 'UPLOAD_TIMEOUT',
    });
  });

  it('is worth repeating when its connection breaks while it waits for its slot', async () => {
    const upstream = await startRawUpstream({
      onConnection: (socket) => socket.once('data', () => socket.resetAndDestroy()),
    });
    open.push(upstream.close);
    const client = makeClient(upstream.endpoint);
    open.push(client.close);
    const upload = await client.upload(await client.prepare(SUBJECT), neverAborted());
    if (!upload.signal.aborted) await once(upload.signal, 'abort');
    expect(await upload.abandon()).toMatchObject({
      code: 'Veriqueue.ConnectionFailed',
      sent: false,
      cause: 'ECONNRESET',
      repeat: 'broke_in_upload',
    });
    expect(upstream.requests).toHaveLength(0);
  });
});
