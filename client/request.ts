import { delay } from './delay.ts';
import { exchange, type HttpRequest } from './exchange.ts';
import { type Answer, readAnswer } from './read-answer.ts';
import { computeRetry } from './retry-policy.ts';

/** Where requests go, and how. */
export interface Connection {
  /** Ends in a slash. */
  readonly baseUrl: URL;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  /** For each request, its retries not counted. */
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

export interface ApiRequest {
  /** What is being done, as in "submit a verification"; for errors. */
  readonly doing: string;
  readonly method: HttpRequest['method'];
  /** Relative to the base URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpRequest['body'];
  /** It must not be sent again. @default false */
  readonly once?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request until it is answered for good. Nearly all of this API may be repeated: a submission carries its
 * Idempotency-Key. What may not is sent `once`.
 *
 * @throws {VeriqueueError} the last failure
 * @throws the signal's reason when it is aborted, also while waiting
 */
export async function sendRequest(connection: Connection, request: ApiRequest): Promise<Answer> {
  const { fetch, timeoutMs } = connection;
  const { doing, once = false, signal } = request;
  const [, verification = null] = /^v1\/verifications\/(ver_[0-9a-z]+)/.exec(request.path) ?? [];
  const httpRequest = createHttpRequest(connection, request);
  let retries = 0;
  let queuedBehind = 0;
  for (let attempts = 1; ; attempts += 1) {
    const exchanged = await exchange(httpRequest, { fetch, timeoutMs, signal });
    const reading = readAnswer(exchanged, { doing, verification, attempts, now: Date.now() });
    if (reading.ok) return reading.answer;
    const { failure } = reading;
    if (once) throw failure;
    const retry = computeRetry({
      failure,
      retries,
      queuedBehind,
      maxRetries: connection.maxRetries,
      random: Math.random,
    });
    if (retry.decision === 'give_up') throw failure;
    queuedBehind = retry.isQueuedBehind ? queuedBehind + 1 : 0;
    if (!retry.isQueuedBehind) retries += 1;
    await delay(retry.delayMs, signal);
  }
}

function createHttpRequest(connection: Connection, request: ApiRequest): HttpRequest {
  const { method, path, query = {}, headers, body } = request;
  const url = new URL(path, connection.baseUrl);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return { method, url, headers: { ...connection.headers, ...headers }, body };
}
