import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  ApiError,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  InvalidRequestError,
  NotFoundError,
  RateLimitedError,
  type Submission,
  TimeoutError,
  UnavailableError,
  Veriqueue,
  VeriqueueError,
  type VeriqueueOptions,
} from '../../client/veriqueue.ts';
import { makeIdCard, makePng, testName } from '../producer/submission-builder.ts';
import {
  answerJson,
  answerProblem,
  answerText,
  breakOff,
  drop,
  hang,
  makeVerification,
  type ScriptedServer,
  type Step,
  startScriptedServer,
  verificationId,
} from './scripted-server.ts';

const apiKey = `vq_${'a1'.repeat(36)}`;
const accepted = answerJson(202, makeVerification());
const found = answerJson(200, makeVerification());

interface Scripted {
  readonly server: ScriptedServer;
  readonly veriqueue: Veriqueue;
}

const servers: ScriptedServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function startServer(...steps: readonly Step[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...steps);
  servers.push(server);
  return server;
}

async function script(steps: readonly Step[], options: Partial<VeriqueueOptions> = {}): Promise<Scripted> {
  const server = await startServer(...steps);
  return { server, veriqueue: new Veriqueue({ url: server.url, apiKey, ...options }) };
}

const makeSubmission = (overrides: Partial<Submission> = {}): Submission => ({
  idCard: makeIdCard(),
  name: testName,
  photo: makePng(),
  ...overrides,
});

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('an answer that is a problem', () => {
  test.each([
    ['malformed_body', InvalidRequestError],
    ['unauthorized', AuthenticationError],
    ['budget_exhausted', ApiError],
    ['not_found', NotFoundError],
    ['too_late', ConflictError],
    ['body_too_large', InvalidRequestError],
    ['unsupported_media_type', InvalidRequestError],
    ['idempotency_mismatch', InvalidRequestError],
    ['too_many_requests', RateLimitedError],
    ['client_backlog_full', RateLimitedError],
    ['internal', ApiError],
    ['backlog_full', UnavailableError],
  ] as const)('%s is an error of its class', async (code, Class) => {
    const { server, veriqueue } = await script([answerProblem(code)], { maxRetries: 0 });
    const failure = await failureOf(veriqueue.get(verificationId));
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ constructor: Class, name: Class.name, code, attempts: 1, errors: [] });
    expect(server.requests).toHaveLength(1);
  });

  test('names the fields, in the message too', async () => {
    const errors = [
      { pointer: '/idCard', code: 'id_card_length', detail: 'must have exactly 18 characters' },
      { pointer: '', code: 'unknown_field', detail: 'is not a field of this request' },
    ];
    const { veriqueue } = await script([answerProblem('invalid_submission', { errors })]);
    const failure = await failureOf(veriqueue.submit(makeSubmission()));
    expect(failure).toMatchObject({
      status: 422,
      title: 'The submission has invalid fields',
      detail: null,
      errors,
      retryAfterMs: null,
      message: 'Cannot submit a verification: /idCard id_card_length, unknown_field (422 invalid_submission)',
    });
  });

  test('says how long to wait, when that is longer than a call waits', async () => {
    const step = answerProblem('backlog_full', { headers: { 'retry-after': '600' } });
    const { server, veriqueue } = await script([step]);
    const failure = await failureOf(veriqueue.submit(makeSubmission()));
    expect(failure).toMatchObject({ code: 'backlog_full', retryAfterMs: 600_000, attempts: 1 });
    expect(server.requests).toHaveLength(1);
  });
});

describe('an answer that is none of Veriqueue', () => {
  test.each<[string, Step, number, typeof ApiError]>([
    ['a proxy’s page', answerText(502, '<h1>Bad gateway</h1>'), 502, UnavailableError],
    ['a page with status 200', answerText(200, '<h1>Welcome</h1>'), 200, ApiError],
    ['an empty 200', answerText(200, ''), 200, ApiError],
    ['JSON that is no object', answerJson(200, ['a']), 200, ApiError],
    ['JSON null', answerJson(200, null), 200, ApiError],
    ['a page that asks to log in', answerText(403, 'no'), 403, AuthenticationError],
    [
      'the problem of another server',
      answerJson(404, { type: 'about:blank', title: 'x', code: 'x' }),
      404,
      NotFoundError,
    ],
    ['a problem of the wrong shape', answerJson(500, { type: 7, code: {}, errors: 'x' }), 500, ApiError],
  ])('is an error too: %s', async (_name, step, status, Class) => {
    const { veriqueue } = await script([step], { maxRetries: 0 });
    const failure = await failureOf(veriqueue.get(verificationId));
    expect(failure).toMatchObject({ constructor: Class, status, code: 'unrecognized_answer', errors: [] });
  });

  test('is not looked for elsewhere: redirects are not followed', async () => {
    const target = await startServer(accepted);
    const redirect: Step = (response) => response.writeHead(307, { location: target.url }).end();
    const { veriqueue } = await script([redirect]);
    expect(await failureOf(veriqueue.submit(makeSubmission()))).toMatchObject({ status: 307, attempts: 1 });
    expect(target.requests).toHaveLength(0);
  });

  test('may hold broken errors, which are left out', async () => {
    const whole = { pointer: '/name', code: 'name_empty', detail: 'must hold a letter' };
    const body = { type: '/problems/invalid_submission', code: 'invalid_submission' };
    const { veriqueue } = await script([answerJson(422, { ...body, errors: [null, 'x', {}, whole] })]);
    expect(await failureOf(veriqueue.submit(makeSubmission()))).toMatchObject({ errors: [whole] });
  });
});

describe.concurrent('a request without an answer', () => {
  test('is sent again, a submission with the same key and body', async () => {
    const unavailable = answerProblem('unavailable', { headers: { 'retry-after': '1' } });
    const { server, veriqueue } = await script([drop, unavailable, breakOff, accepted]);
    const { verification, replayed } = await veriqueue.submit(makeSubmission());
    expect({ id: verification.id, replayed }).toEqual({ id: verificationId, replayed: false });
    const [first, ...rest] = server.requests;
    expect(first?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(rest).toHaveLength(3);
    for (const request of rest) {
      expect(request.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
      expect(request.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
    }
  });

  test('is an error in the end, which counts the requests', async () => {
    const { server, veriqueue } = await script([drop], { maxRetries: 2 });
    const failure = await failureOf(veriqueue.lane());
    expect(failure).toBeInstanceOf(ConnectionError);
    expect(failure).toMatchObject({
      attempts: 3,
      message: 'Cannot read the lane: the server cannot be reached (UND_ERR_SOCKET)',
    });
    expect(server.requests).toHaveLength(3);
  });

  test('is an error when no server listens', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const veriqueue = new Veriqueue({ url: `http://127.0.0.1:${port}`, apiKey, maxRetries: 1 });
    const failure = await failureOf(veriqueue.outcomes());
    expect(failure).toMatchObject({ name: 'ConnectionError', attempts: 2 });
    expect((failure as Error).message).toContain('ECONNREFUSED');
  });

  test('is a TimeoutError when the server says nothing', async () => {
    const { server, veriqueue } = await script([hang], { timeoutMs: 100, maxRetries: 1 });
    const failure = await failureOf(veriqueue.submit(makeSubmission()));
    expect(failure).toBeInstanceOf(TimeoutError);
    expect(failure).toMatchObject({ attempts: 2 });
    expect(server.requests).toHaveLength(2);
  });

  test('is waited for when it is still being processed under this key', async () => {
    const busy = answerProblem('in_progress', { headers: { 'retry-after': '1' } });
    const replay = answerJson(202, makeVerification(), { 'idempotent-replayed': 'true' });
    const { server, veriqueue } = await script([drop, busy, replay], { maxRetries: 1 });
    expect(await veriqueue.submit(makeSubmission())).toMatchObject({ replayed: true });
    expect(server.requests).toHaveLength(3);
  });
});

describe.concurrent('a repeated request that finds its work done', () => {
  test('erasing: there is nothing left', async () => {
    const { veriqueue } = await script([drop, answerProblem('not_found')]);
    expect(await veriqueue.cancel(verificationId, { erase: true })).toBeNull();
  });

  test('erasing for the first time is an error all the same', async () => {
    const { veriqueue } = await script([answerProblem('not_found')]);
    expect(await failureOf(veriqueue.cancel(verificationId, { erase: true }))).toBeInstanceOf(NotFoundError);
  });

  const outcome = {
    verdict: 'match',
    code: 'Success',
    description: null,
    sim: 90,
    requestId: null,
    action: 'none',
    billed: true,
    possiblyBilledAgain: false,
    completedAt: '2030-01-01T00:00:00.000Z',
  } as const;

  test('redelivering: the event is under way', async () => {
    const final = makeVerification({ status: 'completed', outcome });
    const { server, veriqueue } = await script([
      drop,
      answerProblem('not_redeliverable'),
      answerJson(200, final),
    ]);
    expect(await veriqueue.redeliver(verificationId)).toEqual(final);
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET']);
  });

  test('redelivering what has no event stays an error', async () => {
    const { veriqueue } = await script([drop, answerProblem('not_redeliverable'), found]);
    expect(await failureOf(veriqueue.redeliver(verificationId))).toMatchObject({ code: 'not_redeliverable' });
  });
});

describe('an abort', () => {
  const reason = new Error('no longer needed');

  test.each<[string, Step]>([
    ['a request without an answer', hang],
    ['the wait before a retry', answerProblem('unavailable', { headers: { 'retry-after': '60' } })],
  ])('ends %s at once, with its reason', async (_name, step) => {
    const { server, veriqueue } = await script([step]);
    const controller = new AbortController();
    const failure = failureOf(veriqueue.get(verificationId, { signal: controller.signal }));
    await server.received(1);
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(server.requests).toHaveLength(1);
  });

  test('ends waiting for a verdict', async () => {
    const { server, veriqueue } = await script([
      answerJson(200, makeVerification(), { 'retry-after': '3600' }),
    ]);
    const controller = new AbortController();
    const failure = failureOf(veriqueue.waitFor(verificationId, { signal: controller.signal }));
    await server.received(1);
    controller.abort(reason);
    expect(await failure).toBe(reason);
  });

  test.each<[string, (veriqueue: Veriqueue, signal: AbortSignal) => Promise<unknown>]>([
    ['submit', (veriqueue, signal) => veriqueue.submit(makeSubmission(), { signal })],
    ['get', (veriqueue, signal) => veriqueue.get(verificationId, { signal })],
    ['waitFor', (veriqueue, signal) => veriqueue.waitFor(verificationId, { signal })],
    ['list', (veriqueue, signal) => veriqueue.list({ signal }).next()],
    ['cancel', (veriqueue, signal) => veriqueue.cancel(verificationId, { signal })],
    ['erase', (veriqueue, signal) => veriqueue.cancel(verificationId, { erase: true, signal })],
    ['deliveries', (veriqueue, signal) => veriqueue.deliveries(verificationId, { signal })],
    ['redeliver', (veriqueue, signal) => veriqueue.redeliver(verificationId, { signal })],
    ['usage', (veriqueue, signal) => veriqueue.usage({ signal })],
    ['lane', (veriqueue, signal) => veriqueue.lane({ signal })],
    ['outcomes', (veriqueue, signal) => veriqueue.outcomes({ signal })],
  ])('beforehand keeps %s from sending anything', async (_name, call) => {
    const { server, veriqueue } = await script([found]);
    expect(await failureOf(call(veriqueue, AbortSignal.abort(reason)))).toBe(reason);
    expect(server.requests).toHaveLength(0);
  });
});

describe.concurrent('waitFor', () => {
  test('ends when its time is over, and says what it saw last', async () => {
    const { veriqueue } = await script([
      answerJson(200, makeVerification({ status: 'deferred' }), { 'retry-after': '3600' }),
    ]);
    const failure = await failureOf(veriqueue.waitFor(verificationId, { timeoutMs: 50 }));
    expect(failure).toBeInstanceOf(TimeoutError);
    expect(failure).toMatchObject({
      attempts: 2,
      message: 'The verification has no outcome after 50 ms: it is deferred',
    });
  });

  test('ends also while the server says nothing', async () => {
    const { veriqueue } = await script([hang]);
    const failure = await failureOf(veriqueue.waitFor(verificationId, { timeoutMs: 50 }));
    expect(failure).toMatchObject({ name: 'TimeoutError', attempts: 1 });
  });

  test('goes on polling where an answer does not say when', async () => {
    const cancelled = makeVerification({ status: 'cancelled' });
    const { server, veriqueue } = await script([found, drop, answerJson(200, cancelled)]);
    expect(await veriqueue.waitFor(verificationId)).toEqual(cancelled);
    expect(server.requests).toHaveLength(3);
  });

  test('ends with what the server refuses', async () => {
    const { veriqueue } = await script([answerProblem('not_found')]);
    expect(await failureOf(veriqueue.waitFor(verificationId))).toBeInstanceOf(NotFoundError);
  });
});

describe('a secret or a subject', () => {
  const subject = makeSubmission({ reference: 'order-17' });
  const echoing =
    (status: number, type: string): Step =>
    (response, { headers, body }) => {
      const echo = `${headers.authorization} ${body.toString('latin1')} ${subject.idCard} ${subject.name}`;
      const problem = {
        type: 'about:blank',
        title: echo,
        code: echo,
        detail: echo,
        errors: [{ pointer: echo }],
      };
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(problem));
    };

  test.each([
    ['a page', echoing(400, 'text/html')],
    ['a problem', echoing(400, 'application/problem+json')],
    ['an unavailable page', echoing(503, 'text/plain')],
    ['no answer', drop],
  ])('is in no error, whatever echoes it: %s', async (_name, step) => {
    const { veriqueue } = await script([step], { maxRetries: 0 });
    const failure = await failureOf(veriqueue.submit(subject));
    expect(failure).toBeInstanceOf(VeriqueueError);
    const shown = `${inspect(failure, { depth: 10, showHidden: true })}${JSON.stringify(failure)}`;
    for (const secret of [subject.idCard, subject.name, apiKey]) expect(shown).not.toContain(secret);
  });

  test('is not shown with the client', () => {
    const veriqueue = new Veriqueue({ url: 'http://127.0.0.1:1', apiKey });
    expect(`${inspect(veriqueue, { showHidden: true })}${JSON.stringify(veriqueue)}`).not.toContain(apiKey);
  });

  test.each<[string, VeriqueueOptions]>([
    ['a key with a line break', { url: 'http://localhost', apiKey: `${apiKey}\n` }],
    ['an empty key', { url: 'http://localhost', apiKey: '' }],
    ['no address', { url: apiKey, apiKey }],
    ['an address of another scheme', { url: 'redis://localhost', apiKey }],
    ['an address with a password', { url: `http://user:${apiKey}@localhost`, apiKey }],
    ['a query', { url: `http://localhost/?key=${apiKey}`, apiKey }],
    ['no time', { url: 'http://localhost', apiKey, timeoutMs: 0 }],
    ['more time than a timer takes', { url: 'http://localhost', apiKey, timeoutMs: 2 ** 31 }],
    ['half a retry', { url: 'http://localhost', apiKey, maxRetries: 0.5 }],
    ['a line break in the user agent', { url: 'http://localhost', apiKey, userAgent: 'a\r\nb: c' }],
  ])('is not repeated when the client is made with %s', (_name, options) => {
    const failure = catchOf(() => new Veriqueue(options));
    expect(failure).toBeInstanceOf(TypeError);
    expect(inspect(failure)).not.toContain(apiKey);
  });

  test('does not reach the server in the place of an id', async () => {
    const { server, veriqueue } = await script([found]);
    for (const id of [makeIdCard(), '', '..', `${verificationId}/../..`]) {
      const failure = await failureOf(veriqueue.get(id));
      expect(failure).toBeInstanceOf(TypeError);
      expect(inspect(failure)).not.toContain(makeIdCard());
    }
    const bad = makeSubmission({ idempotencyKey: `${testName}-17` });
    expect(await failureOf(veriqueue.submit(bad))).toBeInstanceOf(TypeError);
    expect(server.requests).toHaveLength(0);
  });
});

describe('a client', () => {
  test('works under a path, with a fetch of your own, and says who it is', async () => {
    const paths: string[] = [];
    const watched: typeof fetch = (input, init) => {
      paths.push(String(input));
      return fetch(input, init);
    };
    const server = await startServer(found);
    const options = { apiKey, fetch: watched, userAgent: 'shop/2.1' };
    await new Veriqueue({ url: `${server.url}/veriqueue`, ...options }).get(verificationId);
    await new Veriqueue({ url: new URL(`${server.url}/veriqueue/`), ...options }).get(verificationId);
    expect(server.requests.map(({ path }) => path)).toEqual(
      Array(2).fill(`/veriqueue/v1/verifications/${verificationId}`),
    );
    expect(paths).toHaveLength(2);
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'shop/2.1 veriqueue-client',
      authorization: `Bearer ${apiKey}`,
    });
  });

  test('leaves nothing on a signal that many calls share', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const { veriqueue } = await script([found]);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 40 }, () => veriqueue.get(verificationId, { signal })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });
});

function catchOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
