import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { within } from '../shared/within.ts';
import { type Answer, renderAnswer } from './answer.ts';
import type { PersonCalls } from './call-log.ts';
import { type ControlReply, control } from './control.ts';
import type { PublicKeys } from './encryption-keys.ts';
import { Gateway, type Reply } from './gateway.ts';
import { PlannedResult } from './planned-result.ts';
import { readBody } from './read-body.ts';
import type { SandboxStats } from './statistics.ts';
import { transmit } from './transmit.ts';
import type { WireRequest } from './wire-request.ts';

/** Signature v3 allows 10 MB of request. */
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;

/** How long a fault that is about slowness takes unless its script says otherwise. */
const SLOW_FAULT_MS = 30_000;

/** Clients keep their connections; a server that closes them early makes them race with its goodbye. */
const KEEP_ALIVE_MS = 75_000;

export interface SandboxOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly secretId: string;
  readonly secretKey: string;
  /** The STS token that calls must carry; without it, they must carry none. */
  readonly token?: string;
  /** @default 20 */
  readonly quotaPerSecond?: number;
  /** Whether one ID number is limited to 15 calls a minute and 30 a day. @default false */
  readonly perIdLimits?: boolean;
  /** How long answers take, drawn evenly between the two. @default none */
  readonly latencyMs?: { readonly min: number; readonly max: number };
  /** Ms epoch, never going back. @default the monotonic clock, set to the wall clock at the start of the process */
  readonly now?: () => number;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Gets one record per call: the code and the RequestId, never the subject. */
  readonly log?: (record: CallRecord) => void;
}

interface CallRecord {
  readonly requestId: string;
  readonly code: string;
  readonly fault: string | undefined;
  readonly latencyMs: number;
  /** Refused because the number may be a real person's. */
  readonly stranger: boolean;
}

/** A planned result as a tester writes it: a bare code, or an object of which every field may be left out. */
type ScriptedResult = string | z.input<typeof PlannedResult>;

export interface Sandbox {
  readonly url: string;
  readonly port: number;
  readonly stats: () => SandboxStats;
  /** The calls about one person. */
  readonly calls: (idCard: string) => PersonCalls;
  /** Sets what the next calls about a person are answered; `*` holds the whole account until it is set to `[]`. */
  readonly script: (idCard: string, results: readonly ScriptedResult[]) => void;
  readonly encryptionKeys: () => PublicKeys;
  /** Forgets scripts, statistics and calls. */
  readonly reset: () => void;
  /** Takes no more connections, lets calls in progress end for up to `graceMs` (0), then cuts what is left. */
  readonly close: (options?: { readonly graceMs?: number }) => Promise<void>;
}

interface Context {
  readonly gateway: Gateway;
  readonly now: () => number;
  readonly random: () => number;
  readonly latencyMs: { readonly min: number; readonly max: number };
  readonly log: (record: CallRecord) => void;
  /** The waits of calls in progress. */
  readonly waits: Set<AbortController>;
}

/** Epoch milliseconds from the monotonic clock: arrivals never appear to go back, and are finer than a millisecond. */
function monotonicEpoch(): number {
  return performance.timeOrigin + performance.now();
}

function headersOf(message: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(message.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(entries);
}

function toWireRequest(message: IncomingMessage, body: Buffer, arrivedAt: number): WireRequest {
  const target = message.url ?? '/';
  const at = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: at < 0 ? target : target.slice(0, at),
    query: at < 0 ? '' : target.slice(at + 1),
    headers: headersOf(message),
    body,
    arrivedAt,
  };
}

function latencyOf(answer: Answer, { latencyMs: { min, max }, random }: Context): number {
  if (answer.latencyMs !== undefined) return answer.latencyMs;
  const isSlow = answer.fault === 'slow_first_byte' || answer.fault === 'slow_body';
  return isSlow ? SLOW_FAULT_MS : min + random() * (max - min);
}

async function sendReply(context: Context, response: ServerResponse, reply: Reply): Promise<void> {
  const { answer, extra, stranger = false } = reply;
  const requestId = randomUUID();
  const latencyMs = latencyOf(answer, context);
  const wait = new AbortController();
  context.waits.add(wait);
  response.once('close', () => {
    context.waits.delete(wait);
    wait.abort();
  });
  context.log({ requestId, code: answer.code, fault: answer.fault, latencyMs, stranger });
  await transmit(response, {
    body: renderAnswer(answer, extra, requestId),
    fault: answer.fault,
    latencyMs,
    date: context.now(),
    signal: wait.signal,
  });
}

function sendControl(response: ServerResponse, { status, contentType, body }: ControlReply): void {
  response.writeHead(status, { 'Content-Type': contentType });
  response.end(JSON.stringify(body));
}

function controlOf(context: Context, request: WireRequest): ControlReply {
  const { gateway } = context;
  const target = {
    stats: () => gateway.stats(context.now()),
    publicKeys: () => gateway.publicKeys(),
    calls: (idCard: string | undefined) => gateway.calls(idCard),
    script: (idCard: string, results: readonly PlannedResult[]) => gateway.script(idCard, results),
    reset: () => gateway.reset(),
  };
  return control(target, request);
}

/** Serves one request: everything at `/` is the upstream's API, everything else the sandbox's own interface. */
async function serve(context: Context, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const read = await readBody(message, BODY_LIMIT_BYTES, context.now);
  if (read.kind === 'aborted') return;
  const body = read.kind === 'complete' ? read.body : Buffer.alloc(0);
  const request = toWireRequest(message, body, read.arrivedAt);
  if (request.path !== '/') return sendControl(response, controlOf(context, request));
  const { gateway } = context;
  const reply = read.kind === 'complete' ? gateway.handle(request) : gateway.handleTooLarge(read.arrivedAt);
  await sendReply(context, response, reply);
}

/** Starts the stand-in for Tencent Cloud FaceID's `ImageRecognitionV2`. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { secretId, secretKey, token } = options;
  const gateway = new Gateway({
    credentials: { secretId, secretKey, ...(token === undefined ? {} : { token }) },
    quotaPerSecond: options.quotaPerSecond ?? 20,
    perIdLimits: options.perIdLimits ?? false,
  });
  const context: Context = {
    gateway,
    now: options.now ?? monotonicEpoch,
    random: options.random ?? Math.random,
    latencyMs: options.latencyMs ?? { min: 0, max: 0 },
    log: options.log ?? (() => undefined),
    waits: new Set(),
  };
  const inProgress = new Set<Promise<unknown>>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (message, response) => {
    // A write to a caller who has hung up is not worth more than the silence it meets.
    response.on('error', () => undefined);
    const ended = once(response, 'close').catch(() => undefined);
    const served = Promise.all([serve(context, message, response), ended]);
    inProgress.add(served);
    served.finally(() => inProgress.delete(served));
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    port,
    stats: () => gateway.stats(context.now()),
    calls: (idCard) => gateway.calls(idCard)[0] ?? { idCard, calls: 0, recent: [] },
    script: (idCard, results) => gateway.script(idCard, results.map(parseScripted)),
    encryptionKeys: () => gateway.publicKeys(),
    reset: () => gateway.reset(),
    close: async ({ graceMs = 0 } = {}) => {
      const closed = new Promise((resolve) => server.close(resolve));
      await within(graceMs, Promise.allSettled(inProgress));
      for (const wait of context.waits) wait.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}

function parseScripted(result: ScriptedResult): PlannedResult {
  return PlannedResult.parse(typeof result === 'string' ? { code: result } : result);
}
