import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { within } from '../../shared/within.ts';
import { type AnswerBodyLimits, readAnswerBody } from './answer-body.ts';
import { createHeldBody, type HeldBody } from './held-body.ts';
import { causeOf, codeOfSentRequest, codeOfUnsentRequest } from './network-error.ts';
import type { HttpAnswer } from './read-answer.ts';

/**
 * One HTTP exchange whose request completes, and therefore arrives, at the instant a slot opens.
 *
 * Uploads of 20 kB to 3 MB take different times. If the slot were taken before the upload, arrivals would spread by
 * that difference; so everything but the tail is sent first. Measured on a quiet loopback, from the slot to the complete
 * request at the server, 20 kB to 3 MB alike: median 0.2 ms, 99th percentile 0.4 to 1.8 ms; in one piece after the slot,
 * the same photos take 0.4 to 1.7 ms (median) and 1.2 to 8.9 ms (99th percentile). Small bodies gain too, because their
 * connection is open and proven before the slot is spent, so all bodies go this way.
 *
 * Until the tail is released the upstream has no complete request: whatever fails before is surely not carried out.
 */
export type Exchange =
  | {
      readonly status: 'answer';
      readonly http: HttpAnswer;
      readonly sentAt: number;
      readonly durationMs: number;
      /** False when the upstream answered without waiting for the whole request. */
      readonly released: boolean;
    }
  | {
      readonly status: 'lost';
      readonly code: OwnCode;
      readonly released: boolean;
      /** A connection was open and broke during the upload: a kept-alive one may have been closed by the server. */
      readonly brokeInUpload: boolean;
      readonly startedAt: number;
      readonly durationMs: number;
      /** The error's code, for logs. */
      readonly cause: string;
    }
  | { readonly status: 'withheld'; readonly reason: WithheldReason };

/** `no_slot`: `takeSlot` said no. `slot_late`: it did not answer within `maxHoldMs`. `aborted`: by the signal. */
export type WithheldReason = 'no_slot' | 'slot_late' | 'aborted';

export interface ExchangeLimits extends AnswerBodyLimits {
  /** For everything but the tail to leave, the connection included. */
  readonly uploadTimeoutMs: number;
  /** How long a finished upload waits for its slot. Gateways cut requests that stand still, commonly after 60 s. */
  readonly maxHoldMs: number;
  /** From the release of the tail to the answer's headers. */
  readonly answerTimeoutMs: number;
}

export interface ExchangeRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly head: Buffer;
  readonly tail: Buffer;
}

export interface ExchangeDeps {
  readonly dispatcher: Dispatcher;
  readonly limits: ExchangeLimits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface ExchangeControl {
  /** Called once the upload is out. The signal tells that the slot is no longer wanted. */
  readonly takeSlot: (signal: AbortSignal) => Promise<boolean>;
  readonly signal: AbortSignal;
}

type Response = Dispatcher.ResponseData;
type Reply =
  | { readonly kind: 'response'; readonly response: Response }
  | { readonly kind: 'error'; readonly error: unknown };

interface Running {
  readonly body: HeldBody;
  readonly reply: Promise<Reply>;
  readonly abort: AbortController;
  readonly startedAt: number;
  readonly startedTick: number;
}

/**
 * Runs the exchange. Fails only as `takeSlot` fails; whatever the network does is a result.
 */
export async function runHeldExchange(
  deps: ExchangeDeps,
  request: ExchangeRequest,
  control: ExchangeControl,
): Promise<Exchange> {
  if (control.signal.aborted) return { status: 'withheld', reason: 'aborted' };
  const abort = new AbortController();
  const onAbort = () => abort.abort();
  control.signal.addEventListener('abort', onAbort, { once: true });
  const running = start(deps, request, abort);
  try {
    const early = await upload(deps, running, control);
    if (early !== null) return isUnformed(early) ? await reportAtSlot(deps, control, early) : early;
    const withheld = await awaitSlot(deps, running, control);
    if (withheld !== null) return withheld;
    return await complete(deps, running);
  } finally {
    control.signal.removeEventListener('abort', onAbort);
    running.body.giveUp();
  }
}

function start({ dispatcher, now }: ExchangeDeps, request: ExchangeRequest, abort: AbortController): Running {
  const { path, headers, head, tail } = request;
  const body = createHeldBody(head, tail);
  const reply = dispatcher
    .request({
      path,
      method: 'POST',
      headers: { ...headers, 'content-length': String(head.length + tail.length) },
      // undici takes any async iterable, as its documentation says; its types know Readable alone.
      body: body.chunks as unknown as Readable,
      signal: abort.signal,
    })
    .then(
      (response): Reply => ({ kind: 'response', response }),
      (error: unknown): Reply => ({ kind: 'error', error }),
    );
  return { body, reply, abort, startedAt: now(), startedTick: performance.now() };
}

/** Null once the head is out; otherwise how the exchange ended before that. */
async function upload(
  deps: ExchangeDeps,
  running: Running,
  control: ExchangeControl,
): Promise<Exchange | null> {
  const { uploadTimeoutMs } = deps.limits;
  const first = await within(uploadTimeoutMs, Promise.race([running.body.uploaded, running.reply]));
  if (first === 'uploaded') return null;
  if (first === 'expired') return notCompleted(running, control, 'UPLOAD_TIMEOUT');
  return repliedEarly(deps, running, control, first);
}

const isUnformed = (exchange: Exchange): boolean =>
  exchange.status === 'lost' && exchange.code === 'Veriqueue.RequestNotFormed';

/**
 * The lane is held by what a call with a slot found out. A fault that every call shares takes one too, although nothing
 * is sent: otherwise the lane stays open, and all that waits tries again and again.
 */
async function reportAtSlot(
  { limits }: ExchangeDeps,
  { takeSlot, signal }: ExchangeControl,
  fault: Exchange,
): Promise<Exchange> {
  const unwanted = new AbortController();
  const slot = takeSlot(unwanted.signal);
  slot.catch(() => {});
  const taken = await within(limits.maxHoldMs, slot);
  if (taken === true) return fault;
  unwanted.abort();
  if (signal.aborted) return { status: 'withheld', reason: 'aborted' };
  return { status: 'withheld', reason: taken === false ? 'no_slot' : 'slot_late' };
}

/** Null once a slot is taken; otherwise how the exchange ended without one. */
async function awaitSlot(
  deps: ExchangeDeps,
  running: Running,
  control: ExchangeControl,
): Promise<Exchange | null> {
  const unwanted = new AbortController();
  const slot = control.takeSlot(unwanted.signal);
  // Should it fail after the race is over, nobody would hear it.
  slot.catch(() => {});
  try {
    const first = await within(deps.limits.maxHoldMs, Promise.race([slot, running.reply]));
    if (first === true) return null;
    unwanted.abort();
    if (first === false || first === 'expired') {
      return withhold(running, control, first === false ? 'no_slot' : 'slot_late');
    }
    return await repliedEarly(deps, running, control, first);
  } catch (error) {
    const given = withhold(running, control, 'no_slot');
    if (control.signal.aborted) return given;
    throw error;
  }
}

/** Breaks the connection with the request incomplete. */
function withhold({ abort }: Running, { signal }: ExchangeControl, reason: WithheldReason): Exchange {
  const aborted = signal.aborted;
  abort.abort();
  return { status: 'withheld', reason: aborted ? 'aborted' : reason };
}

async function complete(deps: ExchangeDeps, running: Running): Promise<Exchange> {
  const sentAt = deps.now();
  const sentTick = performance.now();
  running.body.release();
  const reply = await within(deps.limits.answerTimeoutMs, running.reply);
  const lost = (code: OwnCode, cause: string): Exchange => {
    running.abort.abort();
    const durationMs = since(sentTick);
    return {
      status: 'lost',
      code,
      released: true,
      brokeInUpload: false,
      startedAt: sentAt,
      durationMs,
      cause,
    };
  };
  if (reply === 'expired') return lost('Veriqueue.Timeout', 'ANSWER_TIMEOUT');
  if (reply.kind === 'error')
    return lost(codeOfSentRequest(reply.error, running.abort.signal.aborted), causeOf(reply.error));
  const body = await readAnswerBody(deps.limits, reply.response.body, running.abort.signal);
  if (!Buffer.isBuffer(body)) return lost(body.code, body.cause);
  const http = { status: reply.response.statusCode, headers: reply.response.headers, body };
  return { status: 'answer', http, sentAt, durationMs: since(sentTick), released: true };
}

/** The upstream answered, or the connection broke, while the request was incomplete. */
async function repliedEarly(
  { limits }: ExchangeDeps,
  running: Running,
  control: ExchangeControl,
  reply: Reply,
): Promise<Exchange> {
  if (reply.kind === 'error') {
    return notCompleted(running, control, causeOf(reply.error), codeOfUnsentRequest(reply.error));
  }
  const body = await readAnswerBody(limits, reply.response.body, running.abort.signal);
  if (!Buffer.isBuffer(body)) return notCompleted(running, control, body.cause);
  const { statusCode: status, headers } = reply.response;
  const durationMs = since(running.startedTick);
  return {
    status: 'answer',
    http: { status, headers, body },
    sentAt: running.startedAt,
    durationMs,
    released: false,
  };
}

function notCompleted(
  { abort, body, ...running }: Running,
  control: ExchangeControl,
  cause: string,
  code: OwnCode = 'Veriqueue.ConnectionFailed',
): Exchange {
  abort.abort();
  if (control.signal.aborted) return { status: 'withheld', reason: 'aborted' };
  return {
    status: 'lost',
    code,
    released: false,
    brokeInUpload: body.hasStarted() && cause !== 'UPLOAD_TIMEOUT',
    startedAt: running.startedAt,
    durationMs: since(running.startedTick),
    cause,
  };
}

function since(tick: number): number {
  return Math.round(performance.now() - tick);
}
