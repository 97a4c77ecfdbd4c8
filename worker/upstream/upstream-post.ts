/**
 * One POST over undici that hands out head and body of a bounded answer, and can be broken off at any moment.
 *
 * Written against undici's dispatch handler, not against `request`: that one wraps each answer in a stream and each abort in a
 * signal, for an answer that is a few hundred bytes in one piece.
 */
import { type Dispatcher, errors } from 'undici';
import type { ReceivedHeaders } from '../../shared/webhook/header-values.ts';

/** What came first: the head of an answer, or an error instead of one. */
export type Reply =
  | { readonly kind: 'response'; readonly status: number; readonly headers: ReceivedHeaders }
  | { readonly kind: 'error'; readonly error: unknown };

export type BodyEnd =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** More came than an answer may have; the connection is broken. */
  | { readonly kind: 'too_large' }
  | { readonly kind: 'error'; readonly error: unknown };

export interface UpstreamPost {
  /** Never rejects. */
  readonly reply: Promise<Reply>;
  /** How the body ended that follows a head; null while it is still coming. */
  readonly bodyEnd: () => BodyEnd | null;
  /** Resolves with that. Never rejects. */
  readonly body: Promise<BodyEnd>;
  /** Breaks the connection: now, or as soon as there is one. Does nothing after the answer's end. */
  readonly abort: () => void;
  readonly isAborted: () => boolean;
}

/** @param maxAnswerBytes of the body; one byte more is too many */
export function startPost(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  maxAnswerBytes: number,
): UpstreamPost {
  const handler = new PostHandler(maxAnswerBytes);
  const reply = new Promise<Reply>((resolve) => handler.onReply(resolve));
  const body = new Promise<BodyEnd>((resolve) => handler.onBodyEnd(resolve));
  dispatcher.dispatch(options, handler);
  return {
    reply,
    body,
    bodyEnd: () => handler.end,
    abort: () => handler.abort(),
    isAborted: () => handler.isAborted,
  };
}

class PostHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #controller: Dispatcher.DispatchController | null = null;
  #takeReply: (reply: Reply) => void = () => undefined;
  #takeBodyEnd: (end: BodyEnd) => void = () => undefined;
  #hasHead = false;
  end: BodyEnd | null = null;
  isAborted = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  onReply(take: (reply: Reply) => void): void {
    this.#takeReply = take;
  }

  onBodyEnd(take: (end: BodyEnd) => void): void {
    this.#takeBodyEnd = take;
  }

  abort(): void {
    this.isAborted = true;
    this.#controller?.abort(new errors.RequestAbortedError());
  }

  /** Comes once there is a connection, so possibly after the post was broken off: then nothing is sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.isAborted) controller.abort(new errors.RequestAbortedError());
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ReceivedHeaders): void {
    // 1xx announces; the status that decides follows.
    if (status < 200) return;
    this.#hasHead = true;
    this.#takeReply({ kind: 'response', status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) {
      this.#chunks.push(chunk);
      return;
    }
    this.#finish({ kind: 'too_large' });
    controller.abort(new errors.RequestAbortedError());
  }

  onResponseEnd(): void {
    this.#finish({ kind: 'whole', bytes: Buffer.concat(this.#chunks) });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#hasHead) this.#finish({ kind: 'error', error });
    else this.#takeReply({ kind: 'error', error });
  }

  /** Only the first end counts. */
  #finish(end: BodyEnd): void {
    if (this.end !== null) return;
    this.end = end;
    this.#takeBodyEnd(end);
  }
}
