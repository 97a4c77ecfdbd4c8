/**
 * One POST over undici that reads a bounded answer and can be abandoned at any moment.
 *
 * Written against undici's dispatch handler, not against `request`: that one wraps each answer in a stream and each abort in a
 * signal, which together cost as much processor time as the exchange itself.
 */
import type { Dispatcher } from 'undici';
import type { DeliveryRoutes } from './guarded-connector.ts';
import type { ReceivedHeaders } from './header-values.ts';
import type { TrackedClient, TrackedConnection, TrackedDispatch } from './tracked-client.ts';
import { classifyTransportError } from './transport-error.ts';

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
      readonly headers: ReceivedHeaders;
      readonly answer: Buffer;
      /** Whether the receiver sent all of it, and all of it was read. */
      readonly complete: boolean;
    }
  /** `abandon` was called before a status arrived. */
  | { readonly end: 'abandoned' }
  | {
      readonly end: 'failed';
      readonly error: unknown;
      /** A connection that had carried an answer before was closed, and no byte of this answer had come. */
      readonly staleConnection: boolean;
    };

export interface BoundedExchange {
  /** Never rejects. */
  readonly ended: Promise<ExchangeEnd>;
  abandon(): void;
}

/**
 * Posts once; and once more, at once and over a new connection, when a kept one turned out to be closed.
 *
 * A receiver may close a connection right after its answer without saying so. Whatever is sent into it then is lost, and
 * says nothing about the receiver. undici repeats such a request only if it is idempotent by its method, which a POST is not;
 * this one is by its `webhook-id`. A new connection that breaks, or a single byte of an answer, is the receiver's doing and
 * final.
 *
 * @param maxAnswerBytes an answer of at least so many bytes is not read further, which costs its connection
 * @throws TypeError when `url` is no URL
 */
export function startExchange(
  routes: DeliveryRoutes,
  request: ExchangeRequest,
  maxAnswerBytes: number,
): BoundedExchange {
  const exchange = { current: postOver(routes.keeping, request, maxAnswerBytes) };
  const ended = exchange.current.ended.then((end) => {
    if (end.end !== 'failed' || !end.staleConnection) return end;
    exchange.current = postOver(routes.fresh, request, maxAnswerBytes);
    return exchange.current.ended;
  });
  return { ended, abandon: () => exchange.current.abandon() };
}

function postOver(
  dispatcher: Dispatcher,
  { url, body, headers }: ExchangeRequest,
  maxAnswerBytes: number,
): BoundedExchange {
  const { origin, pathname, search } = new URL(url);
  const handler = new AnswerHandler(maxAnswerBytes);
  const ended = new Promise<ExchangeEnd>((resolve) => handler.onEnd(resolve));
  const options: TrackedDispatch = {
    origin,
    path: pathname + search,
    method: 'POST',
    headers: { ...headers },
    body,
    onClient: (client) => handler.onClient(client),
  };
  dispatcher.dispatch(options, handler);
  return { ended, abandon: () => handler.abandon() };
}

const abandoned = new Error('The exchange has been abandoned');

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #head: { readonly status: number; readonly headers: ReceivedHeaders } | null = null;
  #client: TrackedClient | null = null;
  #connection: TrackedConnection | null = null;
  #reused = false;
  #answerBegan = false;
  #controller: Dispatcher.DispatchController | null = null;
  #resolve: ((end: ExchangeEnd) => void) | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  onEnd(resolve: (end: ExchangeEnd) => void): void {
    this.#resolve = resolve;
  }

  onClient(client: TrackedClient): void {
    this.#client = client;
  }

  abandon(): void {
    this.#finish();
    this.#controller?.abort(abandoned);
  }

  /** Comes once there is a connection, so possibly after the exchange was abandoned: then nothing is sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#connection = this.#client?.connection ?? null;
    this.#reused = this.#connection !== null && this.#connection.answers > 0;
    if (this.#resolve === null) controller.abort(abandoned);
  }

  /** The first byte of an answer has arrived. */
  onResponseStarted(): void {
    this.#answerBegan = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ReceivedHeaders): void {
    this.#answerBegan = true;
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
    if (this.#connection !== null) this.#connection.answers += 1;
    this.#finish({ end: 'abandoned' }, true);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const reset = classifyTransportError(error) === 'reset';
    this.#finish({ end: 'failed', error, staleConnection: reset && this.#reused && !this.#answerBegan });
  }

  /** Once a status has arrived, it decides; `otherwise` is for when there is none. Only the first end counts. */
  #finish(otherwise: ExchangeEnd = { end: 'abandoned' }, complete = false): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(
      this.#head === null
        ? otherwise
        : { end: 'answered', ...this.#head, answer: Buffer.concat(this.#chunks), complete },
    );
  }
}
