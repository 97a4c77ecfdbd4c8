import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { within } from '../../shared/within.ts';
import { type AnswerBodyLimits, readAnswerBody } from './answer-body.ts';
import { causeOf, codeOfSentRequest, codeOfUnsentRequest } from './network-error.ts';
import type { HttpAnswer } from './read-answer.ts';
import { createSplitBody, type SplitBody } from './split-body.ts';
import { type Reply, startPost, type UpstreamPost } from './upstream-post.ts';

/**
 * One HTTP exchange whose request completes, and therefore arrives, at the instant a slot opens.
 *
 * Uploads of 20 kB to 3 MB take different times. If the slot were reserved before the upload, arrivals would spread by
 * that difference; so everything but the tail is sent first. Measured on a quiet loopback, from the slot to the complete
 * request at the server, 20 kB to 3 MB alike: median 0.2 ms, 99th percentile 0.4 to 1.8 ms; in one piece after the slot,
 * the same photos take 0.4 to 1.7 ms (median) and 1.2 to 8.9 ms (99th percentile). Small bodies gain too, because their
 * connection is open and proven before the slot is spent, so all bodies go this way.
 *
 * Until it is completed the upstream has no complete request: whatever fails before is surely not carried out.
 */
export interface OpenExchange {
  /**
   * Aborts when the exchange can no longer be completed: the connection broke, the upstream answered early, the upload has
   * waited for `maxHoldMs`, or the signal it was opened with aborted. Call `abandon` then, which says what happened.
   */
  readonly signal: AbortSignal;
  /** Sends the tail, in this very tick, and waits for the answer. Never rejects. */
  complete(): Promise<ExchangeEnd>;
  /** Breaks the connection with the request incomplete, unless it has ended. Never rejects. */
  abandon(): Promise<ExchangeEnd>;
}

export type ExchangeEnd =
  | {
      readonly status: 'answer';
      readonly http: HttpAnswer;
      readonly sentAt: number;
      readonly durationMs: number;
      /** False when the upstream answered without waiting for the whole request. */
      readonly completed: boolean;
    }
  | {
      readonly status: 'lost';
      readonly code: OwnCode;
      readonly completed: boolean;
      /** A connection was open and broke during the upload: a kept-alive one may have been closed by the server. */
      readonly brokeInUpload: boolean;
      readonly startedAt: number;
      readonly durationMs: number;
      /** The error's code, for logs. */
      readonly cause: string;
    }
  | { readonly status: 'abandoned'; readonly reason: AbandonReason };

/** `given_up`: by the caller. `held_too_long`: for `maxHoldMs`. `aborted`: by the signal. */
export type AbandonReason = 'given_up' | 'held_too_long' | 'aborted';

export interface ExchangeLimits extends AnswerBodyLimits {
  /** For everything but the tail to leave, the connection included. */
  readonly uploadTimeoutMs: number;
  /** How long a finished upload waits for its slot. Gateways cut requests that stand still, commonly after 60 s. */
  readonly maxHoldMs: number;
  /** From the tail to the answer's headers. */
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

interface Running extends ExchangeDeps {
  readonly body: SplitBody;
  readonly post: UpstreamPost;
  /** It has ended: a body that is still incomplete breaks its connection. */
  readonly release: () => void;
  /** What the exchange was opened with. */
  readonly signal: AbortSignal;
  readonly startedAt: number;
  readonly startedTick: number;
}

/** Resolves once all but the tail is out, or nothing more can come of the exchange: then its signal has aborted. */
export async function openExchange(
  deps: ExchangeDeps,
  request: ExchangeRequest,
  signal: AbortSignal,
): Promise<OpenExchange> {
  if (signal.aborted) return endedExchange({ status: 'abandoned', reason: 'aborted' });
  const running = start(deps, request, signal);
  const { body, post, limits } = running;
  const first = await within(limits.uploadTimeoutMs, Promise.race([body.uploaded, post.reply]));
  if (first === 'uploaded') return holdOpen(running);
  return endedExchange(
    first === 'expired' ? notCompleted(running, 'UPLOAD_TIMEOUT') : await repliedEarly(running, first),
  );
}

function start(deps: ExchangeDeps, request: ExchangeRequest, signal: AbortSignal): Running {
  const { path, headers, head, tail } = request;
  const { dispatcher, limits, now } = deps;
  const body = createSplitBody(head, tail);
  const post = startPost(
    dispatcher,
    {
      path,
      method: 'POST',
      headers: { ...headers, 'content-length': String(head.length + tail.length) },
      // undici takes any async iterable, as its documentation says; its types know Readable alone.
      body: body.chunks as unknown as Readable,
    },
    limits.maxAnswerBytes,
  );
  signal.addEventListener('abort', post.abort, { once: true });
  const release = () => {
    signal.removeEventListener('abort', post.abort);
    body.abandon();
  };
  return { ...deps, body, post, release, signal, startedAt: now(), startedTick: performance.now() };
}

function endedExchange(end: ExchangeEnd): OpenExchange {
  return { signal: AbortSignal.abort(), complete: async () => end, abandon: async () => end };
}

function holdOpen(running: Running): OpenExchange {
  const { post, limits } = running;
  const unusable = new AbortController();
  let isHeld = true;
  const hold = setTimeout(() => unusable.abort('held_too_long'), limits.maxHoldMs);
  void post.reply.then(() => {
    if (isHeld) unusable.abort('replied');
  });
  const abandon = async (): Promise<ExchangeEnd> => {
    clearTimeout(hold);
    if (unusable.signal.reason === 'replied') return repliedEarly(running, await post.reply);
    return abandoned(running, unusable.signal.aborted ? 'held_too_long' : 'given_up');
  };
  return {
    signal: unusable.signal,
    complete: async () => {
      clearTimeout(hold);
      isHeld = false;
      return unusable.signal.aborted ? abandon() : complete(running);
    },
    abandon,
  };
}

async function complete(running: Running): Promise<ExchangeEnd> {
  const sentAt = running.now();
  const sentTick = performance.now();
  running.body.complete();
  const { limits, post } = running;
  const reply = await within(limits.answerTimeoutMs, post.reply);
  const lost = (code: OwnCode, cause: string): ExchangeEnd => {
    breakOff(running);
    const durationMs = since(sentTick);
    return {
      status: 'lost',
      code,
      completed: true,
      brokeInUpload: false,
      startedAt: sentAt,
      durationMs,
      cause,
    };
  };
  if (reply === 'expired') return lost('Veriqueue.Timeout', 'ANSWER_TIMEOUT');
  if (reply.kind === 'error')
    return lost(codeOfSentRequest(reply.error, post.isAborted()), causeOf(reply.error));
  const read = await readAnswerBody(limits, post);
  if (!Buffer.isBuffer(read)) return lost(read.code, read.cause);
  const http = { status: reply.status, headers: reply.headers, body: read };
  running.release();
  return { status: 'answer', http, sentAt, durationMs: since(sentTick), completed: true };
}

/** The upstream answered, or the connection broke, while the request was incomplete. */
async function repliedEarly(running: Running, reply: Reply): Promise<ExchangeEnd> {
  if (reply.kind === 'error') {
    return notCompleted(running, causeOf(reply.error), codeOfUnsentRequest(reply.error));
  }
  const read = await readAnswerBody(running.limits, running.post);
  if (!Buffer.isBuffer(read)) return notCompleted(running, read.cause);
  const http = { status: reply.status, headers: reply.headers, body: read };
  running.release();
  const durationMs = since(running.startedTick);
  return { status: 'answer', http, sentAt: running.startedAt, durationMs, completed: false };
}

function notCompleted(
  running: Running,
  cause: string,
  code: OwnCode = 'Veriqueue.ConnectionFailed',
): ExchangeEnd {
  breakOff(running);
  if (running.signal.aborted) return { status: 'abandoned', reason: 'aborted' };
  return {
    status: 'lost',
    code,
    completed: false,
    brokeInUpload: running.body.hasStarted() && cause !== 'UPLOAD_TIMEOUT',
    startedAt: running.startedAt,
    durationMs: since(running.startedTick),
    cause,
  };
}

function abandoned(running: Running, reason: AbandonReason): ExchangeEnd {
  const isAborted = running.signal.aborted;
  breakOff(running);
  return { status: 'abandoned', reason: isAborted ? 'aborted' : reason };
}

function breakOff({ post, release }: Running): void {
  release();
  post.abort();
}

function since(tick: number): number {
  return Math.round(performance.now() - tick);
}
