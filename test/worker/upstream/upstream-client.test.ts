import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { hashPayload, signTc3 } from '../../../worker/upstream/tc3-signature.ts';
import type { CallResult, UpstreamClientDeps } from '../../../worker/upstream/upstream-client.ts';
import {
  CREDENTIALS,
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

async function setUp(behavior: RawBehavior, deps: Partial<UpstreamClientDeps> = {}) {
  const upstream = await startRawUpstream(behavior);
  const client = makeClient(upstream.endpoint, deps);
  open.push(client.close, upstream.close);
  return { upstream, client };
}

const SUCCESS = { Result: 'Success', Description: 'Success', Sim: 89.88, RequestId: 'request-1' };
const succeeding: RawBehavior = { onRequest: (socket) => socket.write(jsonAnswer(SUCCESS)) };
const granted = { takeSlot: async () => true, signal: new AbortController().signal };
const header = (upstream: RawUpstream, name: string, index = 0) =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(upstream.requests[index]?.headers ?? '')?.[1]?.trim();

describe('a call', () => {
  it('asks the documented question and reads the documented answer', async () => {
    const { upstream, client } = await setUp(succeeding, { now: () => 1_700_000_000_500 });
    const prepared = await client.prepare({ ...SUBJECT, extra: 'kyc' });
    const result = await client.call(prepared, granted);
    expect(result).toMatchObject({
      status: 'answered',
      code: 'Success',
      row: { kind: 'final', verdict: 'match' },
      description: 'Success',
      sim: 89.88,
      extra: null,
      requestId: 'request-1',
      sentAt: 1_700_000_000_500,
      superseded: null,
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
    await client.call(await client.prepare(SUBJECT), granted);
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
    await client.call(await client.prepare(SUBJECT), granted);
    expect(header(upstream, 'x-tc-token')).toBe('sts-token');
  });

  it('reuses its connection, and may be prepared once and called twice', async () => {
    const { upstream, client } = await setUp(succeeding);
    const prepared = await client.prepare(SUBJECT);
    await client.call(prepared, granted);
    // undici hands a connection back in the turn of the event loop after the answer's end.
    await setImmediate();
    await client.call(prepared, granted);
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
      let grant: (granted: boolean) => void = () => {};
      const slot = new Promise<boolean>((resolve) => {
        grant = resolve;
      });
      const prepared = await client.prepare({ ...SUBJECT, photo: Buffer.alloc(bytes, 7) });
      const result = client.call(prepared, { takeSlot: () => slot, signal: neverAborted() });
      expect(await held).toBe(prepared.tail.length);
      expect(upstream.requests).toHaveLength(0);
      grant(true);
      expect(await result).toMatchObject({ status: 'answered', code: 'Success' });
      expect(prepared.tail.toString()).toContain(SUBJECT.idCard);
      expect(prepared.tail.toString()).toContain(SUBJECT.name);
      expect(prepared.tail.length).toBeLessThan(1400);
    },
  );

  it.each<{
    why: string;
    reason: string;
    maxHoldMs: number;
    take: (signal: AbortSignal) => Promise<boolean>;
  }>([
    { why: 'the slot is refused', reason: 'no_slot', maxHoldMs: 20_000, take: async () => false },
    {
      why: 'the slot does not come in time',
      reason: 'slot_late',
      maxHoldMs: 200,
      take: () => new Promise(() => {}),
    },
  ])('breaks the upload without naming the person when $why', async ({ reason, maxHoldMs, take }) => {
    const { held, onProgress } = watchUpload();
    const { upstream, client } = await setUp({ ...succeeding, onProgress }, { limits: { maxHoldMs } });
    const abandoned = upstream.nextAbandoned();
    const takeSlot = async (signal: AbortSignal) => {
      await held;
      return take(signal);
    };
    const result = await client.call(await client.prepare(SUBJECT), { takeSlot, signal: neverAborted() });
    expect(result).toEqual({ status: 'not_sent', reason, superseded: null });
    expect((await abandoned).toString()).not.toContain(SUBJECT.idCard);
    expect(upstream.requests).toHaveLength(0);
  });

  it('tells the line that a slot is no longer wanted when it came too late', async () => {
    const { client } = await setUp(succeeding, { limits: { maxHoldMs: 50 } });
    const unwanted = new Promise<void>((resolve, reject) => {
      const takeSlot = async (signal: AbortSignal) => {
        await once(signal, 'abort');
        resolve();
        return false;
      };
      client
        .prepare(SUBJECT)
        .then((prepared) => client.call(prepared, { takeSlot, signal: neverAborted() }))
        .catch(reject);
    });
    await expect(unwanted).resolves.toBeUndefined();
  });

  it('breaks the upload and fails as the line fails', async () => {
    const { held, onProgress } = watchUpload();
    const { upstream, client } = await setUp({ ...succeeding, onProgress });
    const abandoned = upstream.nextAbandoned();
    const takeSlot = async () => {
      await held;
      throw new Error('Redis is gone');
    };
    const call = client.call(await client.prepare(SUBJECT), { takeSlot, signal: neverAborted() });
    await expect(call).rejects.toThrow('Redis is gone');
    await abandoned;
    expect(upstream.requests).toHaveLength(0);
  });

  it('is not sent when it is aborted while it is held', async () => {
    const { held, onProgress } = watchUpload();
    const { upstream, client } = await setUp({ ...succeeding, onProgress });
    const abandoned = upstream.nextAbandoned();
    const abort = new AbortController();
    const takeSlot = async () => {
      await held;
      abort.abort();
      return new Promise<boolean>(() => {});
    };
    const result = await client.call(await client.prepare(SUBJECT), { takeSlot, signal: abort.signal });
    expect(result).toEqual({ status: 'not_sent', reason: 'aborted', superseded: null });
    await abandoned;
  });

  it('has an unknown fate when it is aborted after it left', async () => {
    const abort = new AbortController();
    const { client } = await setUp({ onRequest: () => abort.abort() });
    const result = await client.call(await client.prepare(SUBJECT), {
      takeSlot: async () => true,
      signal: abort.signal,
    });
    expect(result).toMatchObject({ status: 'unanswered', code: 'Veriqueue.Interrupted', sent: true });
  });

  it('opens no connection before a slot is near, and none when none will be', async () => {
    const { upstream, client } = await setUp(succeeding);
    const seen: { bodyBytes: number; connections: number }[] = [];
    const prepared = await client.prepare(SUBJECT);
    const slotNear = async (bodyBytes: number) => {
      seen.push({ bodyBytes, connections: upstream.connections() });
      return seen.length > 1;
    };
    const never = await client.call(prepared, { ...granted, slotNear });
    expect(never).toEqual({ status: 'not_sent', reason: 'no_slot', superseded: null });
    expect(upstream.connections()).toBe(0);
    expect(await client.call(prepared, { ...granted, slotNear })).toMatchObject({ status: 'answered' });
    expect(seen).toEqual(Array(2).fill({ bodyBytes: prepared.bodyBytes, connections: 0 }));
  });

  it('reads an answer that does not wait for the end of the request, and takes no slot', async () => {
    const { client } = await setUp({
      onConnection: (socket) =>
        socket.once('data', () =>
          socket.end(jsonAnswer({ Error: { Code: 'AuthFailure.SecretIdNotFound', Message: 'no such key' } })),
        ),
    });
    let unwanted = false;
    const takeSlot = async (signal: AbortSignal) => {
      await once(signal, 'abort');
      unwanted = true;
      return true;
    };
    const result = await client.call(await client.prepare(SUBJECT), { takeSlot, signal: neverAborted() });
    expect(result).toMatchObject({ status: 'answered', code: 'AuthFailure.SecretIdNotFound' });
    expect(unwanted).toBe(true);
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

  it('is corrected from the Date of the answer, with a slot for the second request, and stays corrected', async () => {
    const { upstream, client } = await setUp(clocked(expired([dateHeader])), { now: () => NOW });
    let slots = 0;
    const control = {
      takeSlot: async () => {
        slots += 1;
        return true;
      },
      signal: neverAborted(),
    };
    const prepared = await client.prepare(SUBJECT);
    expect(await client.call(prepared, control)).toMatchObject({
      status: 'answered',
      code: 'Success',
      superseded: { code: 'AuthFailure.SignatureExpire', requestId: 'too-late', sentAt: NOW },
    });
    expect(slots).toBe(2);
    expect(client.clockOffsetMs()).toBe(600_000);
    expect(await client.call(prepared, control)).toMatchObject({ code: 'Success', superseded: null });
    expect(upstream.requests).toHaveLength(3);
  });

  it('is corrected once only: a second refusal stands', async () => {
    const { upstream, client } = await setUp(
      { onRequest: (socket) => socket.write(expired([dateHeader])) },
      { now: () => NOW },
    );
    const result = await client.call(await client.prepare(SUBJECT), granted);
    expect(result).toMatchObject({ code: 'AuthFailure.SignatureExpire', row: { kind: 'account_fault' } });
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([{ headers: [] }, { headers: ['date: yesterday'] }])(
    'cannot be corrected when the answer is dated $headers',
    async ({ headers }) => {
      const { upstream, client } = await setUp(clocked(expired(headers)), { now: () => NOW });
      const result: CallResult = await client.call(await client.prepare(SUBJECT), granted);
      expect(result).toMatchObject({ code: 'AuthFailure.SignatureExpire', superseded: null });
      expect(upstream.requests).toHaveLength(1);
    },
  );

  it('is remembered when no second slot is granted, and the refused call is reported', async () => {
    const { client } = await setUp(clocked(expired([dateHeader])), { now: () => NOW });
    let slots = 0;
    const takeSlot = async () => {
      slots += 1;
      return slots === 1;
    };
    const result = await client.call(await client.prepare(SUBJECT), { takeSlot, signal: neverAborted() });
    expect(result).toMatchObject({ status: 'not_sent', superseded: { code: 'AuthFailure.SignatureExpire' } });
    expect(client.clockOffsetMs()).toBe(600_000);
  });
});

it('closing ends a call that waits for its answer', async () => {
  const requested = new EventEmitter();
  const { client } = await setUp({ onRequest: () => requested.emit('request') });
  const arrived = once(requested, 'request');
  const call = client.call(await client.prepare(SUBJECT), granted);
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
  const result = await client.call(await client.prepare(SUBJECT), granted);
  expect(result).toMatchObject({ code: 'Success', description: '比对成功' });
});
