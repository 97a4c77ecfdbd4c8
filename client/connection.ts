import { MAX_TIMER_MS } from './delay.ts';
import type { Connection } from './request.ts';

export interface VeriqueueOptions {
  /** The producer's address, such as `https://veriqueue.internal`; with a path, if a proxy puts it under one. */
  readonly url: string | URL;
  /** `vq_…` */
  readonly apiKey: string;
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For each request, retries not counted. @default 30 seconds */
  readonly timeoutMs?: number | undefined;
  /** Per call; 0 sends each request once. @default 4 */
  readonly maxRetries?: number | undefined;
  /** Names your application, before the client's own name. */
  readonly userAgent?: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_RETRIES = 4;

/** What a header takes. `fetch` refuses anything else too, but with the value in its message. */
const HEADER_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const API_KEY = /^[\x21-\x7e]+$/;

/** @throws {TypeError} that names the wrong option, and never holds the key */
export function parseOptions(options: VeriqueueOptions): Connection {
  const { apiKey, timeoutMs = DEFAULT_TIMEOUT_MS, maxRetries = DEFAULT_MAX_RETRIES, userAgent } = options;
  if (!API_KEY.test(apiKey)) throw wrong('apiKey', 'a key, without spaces and line breaks');
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS))
    throw wrong('timeoutMs', 'milliseconds above 0, 24 days at most');
  if (!(Number.isInteger(maxRetries) && maxRetries >= 0)) throw wrong('maxRetries', 'an integer, 0 or more');
  if (userAgent !== undefined && !HEADER_TEXT.test(userAgent)) throw wrong('userAgent', 'printable ASCII');
  return {
    baseUrl: parseBaseUrl(options.url),
    headers: {
      authorization: `Bearer ${apiKey}`,
      accept: 'application/json, application/problem+json',
      'user-agent': userAgent === undefined ? OWN_NAME : `${userAgent} ${OWN_NAME}`,
    },
    fetch: options.fetch ?? globalThis.fetch,
    timeoutMs,
    maxRetries,
  };
}

const OWN_NAME = 'veriqueue-client';

function parseBaseUrl(given: string | URL): URL {
  const url = URL.canParse(String(given)) ? new URL(given) : null;
  const isPlain =
    url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!isPlain || !['http:', 'https:'].includes(url.protocol)) {
    throw wrong('url', 'an http or https address without user name, query and fragment');
  }
  return url.pathname.endsWith('/') ? url : new URL(`${url.href}/`);
}

function wrong(option: keyof VeriqueueOptions, rule: string): TypeError {
  return new TypeError(`${option} must be ${rule}`);
}
