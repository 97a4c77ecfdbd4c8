import { startDeadline } from './deadline.ts';

/** What a request came to. */
export type Exchange =
  | {
      readonly result: 'answered';
      readonly status: number;
      readonly headers: Headers;
      readonly text: string;
    }
  | { readonly result: 'unreachable'; readonly cause: unknown }
  | { readonly result: 'timed_out' };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string | undefined;
}

export interface ExchangeOptions {
  readonly fetch: typeof globalThis.fetch;
  /** For the whole exchange, the answer's body included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One request and its whole answer. Redirects are not followed: a photo goes where it was sent, and nowhere else.
 *
 * @throws the signal's reason when it is aborted
 */
export async function exchange(
  { method, url, headers, body }: HttpRequest,
  { fetch, timeoutMs, signal }: ExchangeOptions,
): Promise<Exchange> {
  signal?.throwIfAborted();
  const deadline = startDeadline(timeoutMs, signal);
  try {
    const init = { method, headers, redirect: 'manual', signal: deadline.signal } as const;
    const response = await fetch(url, body === undefined ? init : { ...init, body });
    const text = await response.text();
    return { result: 'answered', status: response.status, headers: response.headers, text };
  } catch (cause) {
    signal?.throwIfAborted();
    return deadline.isOver() ? { result: 'timed_out' } : { result: 'unreachable', cause };
  } finally {
    deadline.clear();
  }
}
