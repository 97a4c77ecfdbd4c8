import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './planned-result.ts';

/** An answer on its way out. */
export interface Transmission {
  readonly body: string;
  readonly fault: Fault | undefined;
  readonly latencyMs: number;
  /** The server's clock, ms epoch, for the `Date` header. */
  readonly date: number;
  /** Ends every wait: the caller is gone, or the sandbox closes. */
  readonly signal: AbortSignal;
}

type Send = (response: ServerResponse, transmission: Transmission) => Promise<void> | void;

const SLOW_BODY_PIECES = 10;
const HUGE_BYTES = 64 * 1024 * 1024;
const HUGE_PIECE = Buffer.alloc(64 * 1024, 'x');

const PROXY_PAGE = '<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function head(response: ServerResponse, status: number, date: number, contentType: string): void {
  response.statusCode = status;
  response.setHeader('Date', new Date(date).toUTCString());
  response.setHeader('Content-Type', contentType);
}

function sendJson(response: ServerResponse, { date }: Transmission, body: string): void {
  head(response, 200, date, 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

function sendPage(response: ServerResponse, { date }: Transmission, status: number): void {
  head(response, status, date, 'text/html');
  response.end(PROXY_PAGE);
}

/**
 * Sends RST and nothing else. `socket.resetAndDestroy()` ends the stream in an orderly way first, so that a quick client sees
 * the end of the response before the reset; the mark it sets does the same without that.
 */
function reset(response: ServerResponse): void {
  if (response.socket === null) return;
  Object.assign(response.socket, { resetAndClosing: true }).destroy();
}

function half(body: string): Buffer {
  const bytes = Buffer.from(body);
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}

function sendHalf(response: ServerResponse, { body, date }: Transmission): void {
  head(response, 200, date, 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.write(half(body), () => reset(response));
}

async function sendSlowly(response: ServerResponse, transmission: Transmission): Promise<void> {
  const bytes = Buffer.from(transmission.body);
  head(response, 200, transmission.date, 'application/json');
  response.setHeader('Content-Length', bytes.length);
  response.flushHeaders();
  const size = Math.ceil(bytes.length / SLOW_BODY_PIECES);
  for (let at = 0; at < bytes.length && !transmission.signal.aborted; at += size) {
    await wait(transmission.latencyMs / SLOW_BODY_PIECES, transmission.signal);
    response.write(bytes.subarray(at, at + size));
  }
  response.end();
}

async function sendHuge(response: ServerResponse, { date, signal }: Transmission): Promise<void> {
  head(response, 200, date, 'application/json');
  response.write('{"Response":{"Result":"Success","Description":"');
  for (let sent = 0; sent < HUGE_BYTES && !signal.aborted; sent += HUGE_PIECE.length) {
    if (!response.write(HUGE_PIECE)) await once(response, 'drain', { signal }).catch(() => undefined);
  }
  response.end('"}}');
}

function hang(response: ServerResponse, { signal }: Transmission): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      response.destroy();
      resolve();
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}

const senders: Readonly<Record<Fault, Send>> = {
  reset,
  close: (response) => void response.socket?.end(),
  hang,
  half_body: sendHalf,
  truncated_json: (response, transmission) =>
    sendJson(response, transmission, half(transmission.body).toString()),
  garbage: (response, transmission) => sendJson(response, transmission, '\u0000\u0001 not json <<<'),
  wrong_shape: (response, transmission) => sendJson(response, transmission, '{"status":"ok"}'),
  empty: (response, transmission) => sendJson(response, transmission, ''),
  http_502: (response, transmission) => sendPage(response, transmission, 502),
  http_503: (response, transmission) => sendPage(response, transmission, 503),
  slow_first_byte: (response, transmission) => sendJson(response, transmission, transmission.body),
  slow_body: sendSlowly,
  huge: sendHuge,
};

/** Faults after which the caller still holds the whole answer. */
const READABLE: ReadonlySet<Fault> = new Set(['slow_first_byte', 'slow_body', 'huge']);

/** Whether a call that meets this fault is answered its code all the same. */
export function isReadable(fault: Fault | undefined): boolean {
  return fault === undefined || READABLE.has(fault);
}

/** Sends an answer, or what the fault makes of it; resolves when nothing more will be written. */
export async function transmit(response: ServerResponse, transmission: Transmission): Promise<void> {
  if (transmission.fault !== 'slow_body') await wait(transmission.latencyMs, transmission.signal);
  if (response.destroyed) return;
  if (transmission.fault === undefined) sendJson(response, transmission, transmission.body);
  else await senders[transmission.fault](response, transmission);
}
