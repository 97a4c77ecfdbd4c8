import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { hashPayload, signTc3 } from '../../../shared/upstream/tc3-signature.ts';
import type { CallResult } from '../../../worker/upstream/upstream-client.ts';
import {
  type ClientOptions,
  CREDENTIALS,
  callAtOnce,
  httpAnswer,
  jsonAnswer,
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

async function setUp(behavior: RawBehavior, deps: ClientOptions = {}) {
  const upstream = await startRawUpstream(behavior);
  const client = makeClient(upstream.endpoint, deps);
  open.push(client.close, upstream.close);
  return { upstream, client };
}

const SUCCESS = { Result: 'Success', Description: 'Success', Sim: 89.88, RequestId: 'request-1' };
const succeeding: RawBehavior = { onRequest: (socket) => socket.write(jsonAnswer(SUCCESS)) };
/** Resolves when the signal has aborted. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

const header = (upstream: RawUpstream, name: string, index = 0) =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(upstream.requests[index]?.headers ?? '')?.[1]?.trim();

describe('a call', () => {
  it('asks the documented question and reads the documented answer', async () => {
    const { upstream, client } = await setUp(succeeding, { now: () => 1_700_000_000_500 });
    const prepared = await client.prepare({ ...SUBJECT, extra: 'kyc' });
    const result = await callAtOnce(client, prepared);
    expect(result).toMatchObject({
      status: 'answered',
      code: 'Success',
      row: { kind: 'final', verdict: 'match' },
      description: 'Success',
      sim: 89.88,
      extra: null,
      requestId: 'request-1',
      sentAt: 1_700_000_000_500,
      sent: true,
      repeat: null,
    });
    expect(upstream.requests[0]?.headers).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
    expect(JSON.parse(upstream.requests[0]?.body.toString() ?? '')).toEqual({
      ImageBase64: SUBJECT.photo.toString('base64'),
      IdCard: SUBJECT.idCard,
      Name: SUBJECT.name,
      Extra: 'kyc',
    });
    expect(header(upstream, 'x-tc-action')).toBe('ImageRecognitionV2');
    expect(header(upstream, 'x-tc-version')).toBe('2018-03-01');
    expect(header(upstream, 'x-tc-timestamp')).toBe('1700000000');
    expect(header(upstream, 'transfer-encoding')).toBeUndefined();
  });

  it('signs the bytes that travel and the host as it travels', async () => {
    const { upstream, client } = await setUp(succeeding, { region: 'ap-singapore' });
    await callAtOnce(client, await client.prepare(SUBJECT));
    const expected = signTc3({
      ...CREDENTIALS,
      host: header(upstream, 'host') ?? '',
      service: 'faceid',
      action: 'ImageRecognitionV2',
      version: '2018-03-01',
      timestamp: Number(header(upstream, 'x-tc-timestamp')),
      payloadHash: hashPayload(upstream.requests[0]?.body ?? ''),
    });
    expect(header(upstream, 'authorization')).toBe(expected['authorization']);
    expect(header(upstream, 'host')).toBe(upstream.endpoint.host);
    expect(header(upstream, 'x-tc-region')).toBe('ap-singapore');
  });

  it('sends the token of temporary credentials', async () => {
    const { upstream, client } = await setUp(succeeding, {
      credentials: { ...CREDENTIALS, token: 'sts-token' },
    });
    await callAtOnce(client, await client.prepare(SUBJECT));
    expect(header(upstream, 'x-tc-token')).toBe('sts-token');
  });

  it('reuses its connection, and may be prepared once and called twice', async () => {
    const { upstream, client } = await setUp(succeeding);
    const prepared = await client.prepare(SUBJECT);
    await callAtOnce(client, prepared);
    // undici hands a connection back in the turn of the event loop after the answer's end.
    await setImmediate();
    await callAtOnce(client, prepared);
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.connections()).toBe(1);
  });
});

describe('holding a request back', () => {
  /** Resolves once the server has everything of a request but `missing` bytes. */
  function watchUpload() {
    let resolve: (missing: number) => void = () => {};
    const held = new Promise<number>((done) => {
      resolve = done;
    });
    const onProgress: RawBehavior['onProgress'] = (_socket, missing) => {
      if (missing > 0 && missing < 1000) resolve(missing);
    };
    return { held, onProgress };
  }

  it.each([20_000, 2_300_000])(
    'sends a photo of %i bytes but for the person, and completes only when the slot is taken',
    async (bytes) => {
      const { held, onProgress } = watchUpload();
      const { upstream, client } = await setUp({ ...succeeding, onProgress });
      const prepared = await client.prepare({ ...SUBJECT, photo: Buffer.alloc(bytes, 7) });
      const upload = await client.upload(prepared, neverAborted());
      expect(await held).toBe(prepared.tail.length);
      expect(upload.signal.aborted).toBe(false);
      expect(upstream.requests).toHaveLength(0);
      expect(await upload.complete()).toMatchObject({ status: 'answered', code: 'Success' });
      expect(prepared.tail.toString()).toContain(SUBJECT.idCard);
      expect(prepared.tail.toString()).toContain(SUBJECT.name);
      expect(prepared.tail.length).toBeLessThan(1400);
    },
  );

  it.each<{ why: string; reason: string; maxHoldMs: number; isAborted: boolean }>([
    { why: 'its caller gives it up', reason: 'given_up', maxHoldMs: 20_000, isAborted: false },
    { why: 'it has waited for too long', reason: 'held_too_long', maxHoldMs: 200, isAborted: false },
    { why: 'the process ends', reason: 'aborted', maxHoldMs: 20_000, isAborted: true },
  ])('breaks the upload without naming the person when $why', async ({ reason, maxHoldMs, isAborted }) => {
    const { held, onProgress } = watchUpload();
    const { upstream, client } = await setUp({ ...succeeding, onProgress }, { limits: { maxHoldMs } });
    const broken = upstream.nextAbandoned();
    const abort = new AbortController();
    const upload = await client.upload(await client.prepare(SUBJECT), abort.signal);
    await held;
    if (isAborted) abort.abort();
    if (reason !== 'given_up') await aborted(upload.signal);
    expect(await upload.abandon()).toEqual({ status: 'not_sent', reason });
    expect((await broken).toString()).not.toContain(SUBJECT.idCard);
    expect(upstream.requests).toHaveLength(0);
  });

  it('cannot complete what has been held for too long', async () => {
    const { upstream, client } = await setUp(succeeding, { limits: { maxHoldMs: 50 } });
    const upload = await client.upload(await client.prepare(SUBJECT), neverAborted());
    await aborted(upload.signal);
    expect(await upload.complete()).toEqual({ status: 'not_sent', reason: 'held_too_long' });
    expect(upstream.requests).toHaveLength(0);
  });

  it('opens no connection for what is aborted before it begins', async () => {
    const { upstream, client } = await setUp(succeeding);
    const upload = await client.upload(await client.prepare(SUBJECT), AbortSignal.abort());
    expect(upload.signal.aborted).toBe(true);
    expect(await upload.abandon()).toEqual({ status: 'not_sent', reason: 'aborted' });
    expect(upstream.connections()).toBe(0);
  });

  it('is indeterminate when it is aborted after it left', async () => {
    const abort = new AbortController();
    const { client } = await setUp({ onRequest: () => abort.abort() });
    const result = await callAtOnce(client, await client.prepare(SUBJECT), abort.signal);
    expect(result).toMatchObject({ status: 'unanswered', code: 'Veriqueue.Interrupted', sent: true });
  });

  it('reads an answer that does not wait for the end of the request, and says that no slot is wanted', async () => {
    const { client } = await setUp({
      onConnection: (socket) =>
        socket.once('data', () =>
          socket.end(jsonAnswer({ Error: { Code: 'AuthFailure.SecretIdNotFound', Message: 'no such key' } })),
        ),
    });
    const upload = await client.upload(await client.prepare(SUBJECT), neverAborted());
    await aborted(upload.signal);
    expect(await upload.abandon()).toMatchObject({
      status: 'answered',
      code: 'AuthFailure.SecretIdNotFound',
      sent: false,
    });
  });
});

describe('a clock that differs from that of the upstream', () => {
  const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
  const SERVER_NOW = NOW + 600_000;
  const expired = (headers: string[]) =>
    jsonAnswer(
      { Error: { Code: 'AuthFailure.SignatureExpire', Message: 'expired' }, RequestId: 'too-late' },
      headers,
    );
  const dateHeader = `date: ${new Date(SERVER_NOW).toUTCString()}`;

  function clocked(answerToLate: string): RawBehavior {
    return {
      onRequest: (socket, request) => {
        const timestamp = Number(/^x-tc-timestamp: (\d+)/im.exec(request.headers)?.[1]);
        const isLate = Math.abs(timestamp * 1000 - SERVER_NOW) > 300_000;
        socket.write(isLate ? answerToLate : jsonAnswer(SUCCESS));
      },
    };
  }

  it('is corrected from the Date of the answer, which is worth repeating, and stays corrected', async () => {
    const { upstream, client } = await setUp(clocked(expired([dateHeader])), { now: () => NOW });
    const prepared = await client.prepare(SUBJECT);
    expect(await callAtOnce(client, prepared)).toMatchObject({
      status: 'answered',
      code: 'AuthFailure.SignatureExpire',
      row: { kind: 'account_fault' },
      requestId: 'too-late',
      sentAt: NOW,
      repeat: 'clock_corrected',
    });
    expect(await callAtOnce(client, prepared)).toMatchObject({ code: 'Success', repeat: null });
    expect(await callAtOnce(client, prepared)).toMatchObject({ code: 'Success', repeat: null });
    expect(upstream.requests).toHaveLength(3);
  });

  it.each([{ headers: [] }, { headers: ['date: yesterday'] }])(
    'cannot be corrected when the answer is dated $headers',
    async ({ headers }) => {
      const { upstream, client } = await setUp(clocked(expired(headers)), { now: () => NOW });
      const result: CallResult = await callAtOnce(client, await client.prepare(SUBJECT));
      expect(result).toMatchObject({ code: 'AuthFailure.SignatureExpire', repeat: null });
      expect(upstream.requests).toHaveLength(1);
    },
  );
});

it('closing ends a call that waits for its answer', async () => {
  const requested = new EventEmitter();
  const { client } = await setUp({ onRequest: () => requested.emit('request') });
  const arrived = once(requested, 'request');
  const call = callAtOnce(client, await client.prepare(SUBJECT));
  await arrived;
  await client.close();
  expect(await call).toMatchObject({ status: 'unanswered', sent: true });
});

it('an answer that comes in several reads is put together', async () => {
  const answer = httpAnswer(JSON.stringify({ Response: { ...SUCCESS, Description: '比对成功' } }));
  const bytes = Buffer.from(answer);
  const { client } = await setUp({
    onRequest: (socket) => {
      const middle = bytes.length - 60;
      socket.write(bytes.subarray(0, middle), () =>
        setImmediate().then(() => socket.write(bytes.subarray(middle))),
      );
    },
  });
  const result = await callAtOnce(client, await client.prepare(SUBJECT));
  expect(result).toMatchObject({ code: 'Success', description: '比对成功' });
});

it('the answer that follows an announcement is the one that counts', async () => {
  const { client } = await setUp({
    onRequest: (socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n');
      socket.write(jsonAnswer(SUCCESS));
    },
  });
  const result = await callAtOnce(client, await client.prepare(SUBJECT));
  expect(result).toMatchObject({ status: 'answered', code: 'Success' });
});
