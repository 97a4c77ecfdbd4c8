/** One HTTP exchange with a receiver, bounded in time and in bytes. */
import { setMaxListeners } from 'node:events';
import { parseRetryAfter } from '../contract/retry-after.ts';
import { startExchange } from './bounded-exchange.ts';
import type { ClientAuth } from './client-auth.ts';
import type { DeliveryResult } from './delivery-result.ts';
import type { DeliveryDispatcher } from './guarded-connector.ts';
import { type ReceivedHeaders, readHeaderValues } from './header-values.ts';
import { keepAnswer } from './kept-answer.ts';
import { classifyTransportError } from './transport-error.ts';

export interface PosterDeps {
  /** From `createDeliveryDispatcher`, which also bounds the connecting. */
  readonly dispatcher: DeliveryDispatcher;
  /** Total time in ms, waiting for a connection and a repetition over a new one included. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  /** ms since the epoch. */
  readonly now: () => number;
}

interface EventPost {
  readonly url: string;
  /** Sent byte for byte: it has been signed. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** What the receiver asks for beside the signature. @default nothing */
  readonly auth?: ClientAuth | null;
  /** Abandons the exchange. */
  readonly signal?: AbortSignal;
}

/**
 * Redirects are not followed: a 3xx is a refusal, so no answer can lead a request somewhere the URL did not.
 * Once a status has arrived it decides, whatever happens to the rest of the answer.
 *
 * Rejects with the signal's reason when `signal` aborted before a status arrived, and with a TypeError for a `url` that is
 * none. Whatever a receiver does is a result.
 */
export type PostEvent = (post: EventPost) => Promise<DeliveryResult>;

/** How much of an answer is read at all, in bytes; what is kept of that, `keepAnswer` decides. */
const maxAnswerBytes = 16 * 1024;

export function createPoster(deps: PosterDeps): PostEvent {
  return async ({ url, body, headers, auth = null, signal }) => {
    signal?.throwIfAborted();
    const startedAt = performance.now();
    const certificate = auth?.clientCertificate ?? null;
    const exchange = startExchange(
      certificate === null ? deps.dispatcher : deps.dispatcher.withCertificate(certificate),
      {
        url,
        body,
        // Ours come last: what a receiver asks for never stands for the signature.
        headers: {
          ...auth?.headers,
          'content-type': 'application/json',
          'user-agent': deps.userAgent,
          ...headers,
        },
      },
      maxAnswerBytes,
    );
    const deadline = setTimeout(exchange.abandon, deps.timeoutMs);
    // One listener per exchange under way is no leak. AbortSignal.any would leave an entry behind for each one.
    if (signal !== undefined) setMaxListeners(0, signal);
    signal?.addEventListener('abort', exchange.abandon, { once: true });
    const ended = await exchange.ended;
    clearTimeout(deadline);
    signal?.removeEventListener('abort', exchange.abandon);

    const durationMs = Math.round(performance.now() - startedAt);
    if (ended.end === 'answered') return classifyAnswer(ended, durationMs, deps.now());
    signal?.throwIfAborted();
    const errorClass = ended.end === 'abandoned' ? 'timeout' : classifyTransportError(ended.error);
    return { result: 'unreachable', errorClass, durationMs };
  };
}

interface Answer {
  readonly status: number;
  readonly headers: ReceivedHeaders;
  readonly answer: Buffer;
  readonly complete: boolean;
}

function classifyAnswer(
  { status, headers, answer: bytes, complete }: Answer,
  durationMs: number,
  now: number,
): DeliveryResult {
  const answer = keepAnswer(bytes, complete);
  if (status >= 200 && status <= 299) return { result: 'accepted', status, durationMs, answer };
  const retryAfterMs = parseRetryAfter(readHeaderValues(headers, 'retry-after'), now);
  return { result: 'refused', status, retryAfterMs, durationMs, answer };
}
