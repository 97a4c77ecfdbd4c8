/**
 * One POST over undici that reads a bounded answer and can be abandoned at any moment.
 *
 * Written against undici's dispatch handler, not against `request`: that one wraps each answer in a stream and each abort in a
 * signal, which together cost as much processor time as the exchange itself.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export interface ExchangeRequest {
  readonly url: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

type ExchangeEnd =
  /** A final status arrived; `answer` holds what was read of the body, whether or not it was all there was. */
  | {
      readonly end: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly answer: Buffer;
    }
  /** `abandon` was called before a status arrived. */
  | { readonly end: 'abandoned' }
  | { readonly end: 'failed'; readonly error: unknown };

export interface Exchange {
  /** Never rejects. */
  readonly ended: Promise<ExchangeEnd>;
  abandon(): void;
}

/** @param maxAnswerBytes an answer of at least so many bytes is not read further, which costs its connection */
export function startExchange(
  dispatcher: Dispatcher,
  { url, body, headers }: ExchangeRequest,
  maxAnswerBytes: number,
): Exchange {
  const { origin, pathname, search } = new URL(url);
  const handler = new AnswerHandler(maxAnswerBytes);
  const ended = new Promise<ExchangeEnd>((resolve) => handler.onEnd(resolve));
  dispatcher.dispatch(
    { origin, path: pathname + search, method: 'POST', headers: { ...headers }, body },
    handler,
  );
  return { ended, abandon: () => handler.abandon() };
}

const abandoned = new Error('Cannot go on with an exchange: it has been abandoned');

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #head: { readonly status: number; readonly headers: IncomingHttpHeaders } | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #resolve: ((end: ExchangeEnd) => void) | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  onEnd(resolve: (end: ExchangeEnd) => void): void {
    this.#resolve = resolve;
  }

  abandon(): void {
    this.#finish();
    this.#controller?.abort(abandoned);
  }

  /** Comes once there is a connection, so possibly after the exchange was abandoned: then nothing is sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#resolve === null) controller.abort(abandoned);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // 1xx announces; the status that decides follows.
    if (status >= 200) this.#head = { status, headers };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#maxBytes) return;
    this.#finish();
    controller.abort(abandoned);
  }

  onResponseEnd(): void {
    this.#finish();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#finish({ end: 'failed', error });
  }

  /** Once a status is there it decides; `otherwise` is for when there is none. Only the first end counts. */
  #finish(otherwise: ExchangeEnd = { end: 'abandoned' }): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(
      this.#head === null
        ? otherwise
        : { end: 'answered', ...this.#head, answer: Buffer.concat(this.#chunks) },
    );
  }
}
