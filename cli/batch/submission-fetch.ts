import { Agent, type Dispatcher, request } from 'undici';
import type { RateReading } from './pace.ts';

/** A `fetch` for submissions: what a batch needs of it. */
export interface SubmissionFetch {
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

/**
 * Sends bodies from where they are. The global `fetch` copies each one and carries it through two streams: with a thousand
 * photos a minute that is most of the memory of a batch, and a third of its time.
 *
 * @param onReading called before the answer returns, with what an acceptance says of this client's rate
 */
export function openSubmissionFetch(
  connections: number,
  onReading: (reading: RateReading) => void,
): SubmissionFetch {
  const agent = new Agent({ connections });
  return {
    fetch: async (input, init = {}) => {
      const { method, headers, body, signal } = init;
      const answer = await request(String(input), {
        dispatcher: agent,
        method: (method ?? 'GET') as Dispatcher.HttpMethod,
        headers: Object.fromEntries(new Headers(headers)),
        body: typeof body === 'string' || body instanceof Uint8Array ? body : null,
        signal: signal ?? null,
      });
      const text = await answer.body.text();
      const answerHeaders = new Headers();
      for (const [name, value] of Object.entries(answer.headers))
        for (const each of [value ?? []].flat()) answerHeaders.append(name, each);
      const reading = answer.statusCode === 202 ? readRate(answerHeaders) : null;
      if (reading !== null) onReading(reading);
      return new Response(text === '' ? null : text, { status: answer.statusCode, headers: answerHeaders });
    },
    close: () => agent.close(),
  };
}

/** draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4; null where the server does not limit its clients. */
export function readRate(headers: Headers): RateReading | null {
  const [, quota, window] = /;q=(\d{1,9});w=(\d{1,9})\b/.exec(headers.get('ratelimit-policy') ?? '') ?? [];
  const remaining = /;r=(\d{1,9})\b/.exec(headers.get('ratelimit') ?? '')?.[1];
  if (window === undefined || remaining === undefined || Number(quota) === 0) return null;
  return { quota: Number(quota), window: Number(window), remaining: Number(remaining) };
}
