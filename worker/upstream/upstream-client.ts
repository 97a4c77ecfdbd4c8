import { Pool } from 'undici';
import type { OutcomeRow } from '../../shared/outcomes/outcome-row.ts';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { createFieldEncryptor, type FieldEncryptionSettings } from './field-encryption.ts';
import { type Exchange, type ExchangeLimits, runHeldExchange, type WithheldReason } from './held-exchange.ts';
import { type PreparedCall, prepareCall } from './prepared-call.ts';
import { readAnswer, readServerTime, type UpstreamAnswer } from './read-answer.ts';
import type { Subject } from './request-body.ts';
import { signTc3 } from './tc3-signature.ts';

const SERVICE = 'faceid';
const ACTION = 'ImageRecognitionV2';
const VERSION = '2018-03-01';
const EXPIRED_SIGNATURE = 'AuthFailure.SignatureExpire';

interface Credentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary credentials (STS). */
  readonly token?: string;
}

interface UpstreamLimits extends ExchangeLimits {
  /** For name resolution, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** How long an idle connection is kept; the server's own hint makes it shorter. */
  readonly keepAliveMs: number;
}

const DEFAULT_UPSTREAM_LIMITS = {
  connectTimeoutMs: 5000,
  keepAliveMs: 60_000,
  uploadTimeoutMs: 30_000,
  maxHoldMs: 10_000,
  answerTimeoutMs: 15_000,
  bodyTimeoutMs: 5000,
  maxAnswerBytes: 65_536,
} as const satisfies UpstreamLimits;

export interface UpstreamClientDeps {
  /** Scheme, host and port; a path is kept for proxies, while the signature covers `/` as the protocol fixes it. */
  readonly endpoint: URL;
  readonly credentials: Credentials;
  readonly region?: string;
  /** Off when absent. */
  readonly encryption?: FieldEncryptionSettings;
  readonly limits?: Partial<UpstreamLimits>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface CallControl {
  /**
   * Awaited before the upload begins, with the body's size. Resolves when a slot is a few hundred milliseconds away, so
   * that a large photo is out in time and no upload stands still for long; `false` gives the call up. Absent: at once.
   */
  readonly slotNear?: (bodyBytes: number, signal: AbortSignal) => Promise<boolean>;
  /**
   * Awaited when only the last bytes are still to go; `true` lets them go at that instant. The signal says that the slot
   * is no longer wanted: the connection broke, or the hold ran out. Called again if an upload must be repeated.
   */
  readonly takeSlot: (signal: AbortSignal) => Promise<boolean>;
  /** Awaited before a call that was refused for the clock is repeated: it is a call of its own, and must not be lost. */
  readonly onSuperseded?: (call: SupersededCall) => Promise<void>;
  /** Before the last bytes are out it gives the call up; after, it ends the wait for the answer. */
  readonly signal: AbortSignal;
}

/** A call that was refused for the clock, and repeated by the client itself. It is a call of its own in the ledger. */
export interface SupersededCall {
  readonly code: string;
  readonly requestId: string | null;
  readonly sentAt: number;
  readonly durationMs: number;
}

/** How a call ended. Times are milliseconds since the epoch, durations are counted from the last byte sent. */
export type CallResult =
  | {
      readonly status: 'answered';
      readonly code: string;
      readonly row: OutcomeRow;
      /** The upstream's own words, which may quote the subject: see `withholdSubject`. */
      readonly description: string | null;
      readonly sim: number | null;
      readonly extra: string | null;
      readonly requestId: string | null;
      readonly sentAt: number;
      readonly durationMs: number;
      readonly superseded: SupersededCall | null;
    }
  | {
      readonly status: 'unanswered';
      readonly code: OwnCode;
      readonly row: OutcomeRow;
      /** False: surely no complete request reached the upstream. True: one may have, and its fate is unknown. */
      readonly sent: boolean;
      readonly sentAt: number;
      readonly durationMs: number;
      readonly requestId: string | null;
      /** For logs: an error code or `HTTP <status>`. */
      readonly cause: string;
      readonly superseded: SupersededCall | null;
    }
  | {
      readonly status: 'not_sent';
      readonly reason: WithheldReason;
      readonly superseded: SupersededCall | null;
    };

export interface UpstreamClient {
  /** Everything heavy, before a slot is asked for. */
  readonly prepare: (subject: Subject) => Promise<PreparedCall>;
  /** One request, or two when the clock was wrong. Fails only as what it is given fails. */
  readonly call: (prepared: PreparedCall, control: CallControl) => Promise<CallResult>;
  /** How far the upstream's clock is ahead of ours, as far as it made itself known. */
  readonly clockOffsetMs: () => number;
  /** Ends all connections at once. */
  readonly close: () => Promise<void>;
}

/** @throws RangeError when the encryption settings cannot be used */
export function createUpstreamClient(deps: UpstreamClientDeps): UpstreamClient {
  const { endpoint, credentials, region, now } = deps;
  const limits = { ...DEFAULT_UPSTREAM_LIMITS, ...deps.limits };
  const encrypt = deps.encryption === undefined ? undefined : createFieldEncryptor(deps.encryption);
  const dispatcher = makePool(endpoint, limits);
  const clock = { offsetMs: 0 };

  const sign = (payloadHash: string) =>
    signTc3({
      ...credentials,
      ...(region === undefined ? {} : { region }),
      host: endpoint.host,
      service: SERVICE,
      action: ACTION,
      version: VERSION,
      timestamp: Math.floor((now() + clock.offsetMs) / 1000),
      payloadHash,
    });

  /** One request. It is signed here, when its upload begins, so a signature never ages in a line. */
  async function exchange(prepared: PreparedCall, control: CallControl): Promise<Exchange> {
    const isNear = await awaitNearSlot(prepared, control);
    if (control.signal.aborted) return { status: 'withheld', reason: 'aborted' };
    if (!isNear) return { status: 'withheld', reason: 'no_slot' };
    const { head, tail } = prepared;
    const request = { path: endpoint.pathname, headers: sign(prepared.payloadHash), head, tail };
    return runHeldExchange({ dispatcher, limits, now }, request, control);
  }

  /**
   * Repeats an upload whose connection broke under it, as a kept one does that the server closed: no complete request has
   * left, so nothing is asked twice.
   *
   * Not repeated is what broke after the tail had left, even on a kept connection and before any byte of an answer. An event
   * may arrive twice, because its receiver knows its id; a call has none, and the upstream may have carried it out and
   * charged for it. Its fate is unknown, which the outcome table decides about and the record marks.
   */
  async function exchangeOnLiveConnection(prepared: PreparedCall, control: CallControl): Promise<Exchange> {
    const first = await exchange(prepared, control);
    return first.status === 'lost' && first.brokeInUpload ? exchange(prepared, control) : first;
  }

  return {
    prepare: (subject) => prepareCall(subject, encrypt),
    async call(prepared, control) {
      const first = await exchangeOnLiveConnection(prepared, control);
      const result = toResult(first, null);
      const serverTime = first.status === 'answer' ? readServerTime(first.http) : null;
      if (result.status !== 'answered' || result.code !== EXPIRED_SIGNATURE || serverTime === null)
        return result;
      clock.offsetMs = serverTime - now();
      const { code, requestId, sentAt, durationMs } = result;
      const superseded = { code, requestId, sentAt, durationMs };
      await control.onSuperseded?.(superseded);
      return toResult(await exchangeOnLiveConnection(prepared, control), superseded);
    },
    clockOffsetMs: () => clock.offsetMs,
    close: () => dispatcher.destroy(),
  };
}

/** Time limits on answers are the exchange's own: undici's are coarse and stop while a request body is open. */
function makePool(endpoint: URL, { connectTimeoutMs, keepAliveMs }: UpstreamLimits): Pool {
  return new Pool(endpoint.origin, {
    pipelining: 1,
    allowH2: false,
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

async function awaitNearSlot(
  { bodyBytes }: PreparedCall,
  { slotNear, signal }: CallControl,
): Promise<boolean> {
  try {
    return (await slotNear?.(bodyBytes, signal)) ?? true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

function toResult(exchange: Exchange, superseded: SupersededCall | null): CallResult {
  if (exchange.status === 'withheld') return { status: 'not_sent', reason: exchange.reason, superseded };
  const { durationMs } = exchange;
  if (exchange.status === 'lost') {
    const { code, released: sent, startedAt: sentAt, cause } = exchange;
    const row = resolveOutcome(code);
    return { status: 'unanswered', code, row, sent, sentAt, durationMs, requestId: null, cause, superseded };
  }
  const { http, sentAt, released: sent } = exchange;
  const answer: UpstreamAnswer = readAnswer(http);
  const row = resolveOutcome(answer.code);
  const { requestId } = answer;
  if (answer.status === 'unreadable') {
    const { code } = answer;
    const cause = `HTTP ${http.status}`;
    return { status: 'unanswered', code, row, sent, sentAt, durationMs, requestId, cause, superseded };
  }
  const { code, description, sim, extra } = answer;
  return {
    status: 'answered',
    code,
    row,
    description,
    sim,
    extra,
    requestId,
    sentAt,
    durationMs,
    superseded,
  };
}
