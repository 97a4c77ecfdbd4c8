import { Pool } from 'undici';
import type { AccountCredentials } from '../../shared/config/account-secrets.ts';
import type { OutcomeRow } from '../../shared/outcomes/outcome-row.ts';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { IMAGE_RECOGNITION } from '../../shared/upstream/image-recognition.ts';
import { keepSigningKey, signTc3 } from '../../shared/upstream/tc3-signature.ts';
import { createFieldEncryptor, type FieldEncryptionSettings } from './field-encryption.ts';
import { type AbandonReason, type ExchangeEnd, type ExchangeLimits, openExchange } from './open-exchange.ts';
import { type PreparedCall, prepareCall } from './prepared-call.ts';
import { readAnswer, readServerTime, type UpstreamAnswer } from './read-answer.ts';
import type { Subject } from './request-body.ts';

const EXPIRED_SIGNATURE = 'AuthFailure.SignatureExpire';

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
  bodyTimeoutMs: 5000,
  maxAnswerBytes: 65_536,
} as const satisfies Omit<UpstreamLimits, 'answerTimeoutMs'>;

export interface UpstreamClientDeps {
  /** Scheme, host and port; a path is kept for proxies, while the signature covers `/` as the protocol fixes it. */
  readonly endpoint: URL;
  readonly credentials: AccountCredentials;
  readonly region?: string;
  /** Off when absent. */
  readonly encryption?: FieldEncryptionSettings;
  /** How long an answer may take is a setting, UPSTREAM_TIMEOUT. */
  readonly limits: Partial<UpstreamLimits> & Pick<UpstreamLimits, 'answerTimeoutMs'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
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
      /** False when the upstream answered before the request was complete. */
      readonly sent: boolean;
      readonly repeat: 'clock_corrected' | null;
    }
  | {
      readonly status: 'unanswered';
      readonly code: OwnCode;
      readonly row: OutcomeRow;
      /** False: surely no complete request reached the upstream. True: one may have, and the call is indeterminate. */
      readonly sent: boolean;
      readonly sentAt: number;
      readonly durationMs: number;
      readonly requestId: string | null;
      /** For logs: an error code or `HTTP <status>`. */
      readonly cause: string;
      readonly repeat: 'broke_in_upload' | null;
    }
  | { readonly status: 'not_sent'; readonly reason: AbandonReason };

/**
 * Why a call is worth repeating at once, if the one before was not repeated for the same reason.
 * - `broke_in_upload`: the connection broke under the upload, as a kept one does that the server closed. No complete request
 *   has left, so nothing is asked twice. What broke after the tail had left is never repeated so, even on a kept connection
 *   and before any byte of an answer: an event may arrive twice, because its receiver knows its id; a call has none, and the
 *   upstream may have carried it out and charged for it.
 * - `clock_corrected`: it was refused for our clock, which the client has corrected. It was a call of its own, in the ledger.
 */
export type RepeatReason = 'broke_in_upload' | 'clock_corrected';

/** An upload of which all but the last bytes are out. See `OpenExchange`. */
export interface OpenCall {
  readonly signal: AbortSignal;
  complete(): Promise<CallResult>;
  abandon(): Promise<CallResult>;
}

export interface UpstreamClient {
  /** Everything heavy, before a slot is asked for. */
  readonly prepare: (subject: Subject) => Promise<PreparedCall>;
  /**
   * Signs one request and sends all of it but the last bytes. Never rejects: what the network does shows in the call.
   *
   * @param signal before the last bytes are out it gives the call up; after, it ends the wait for the answer
   */
  readonly upload: (prepared: PreparedCall, signal: AbortSignal) => Promise<OpenCall>;
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
  const signingKeyOf = keepSigningKey();

  const sign = (payloadHash: string) =>
    signTc3(
      {
        ...credentials,
        ...(region === undefined ? {} : { region }),
        host: endpoint.host,
        ...IMAGE_RECOGNITION,
        timestamp: Math.floor((now() + clock.offsetMs) / 1000),
        payloadHash,
      },
      signingKeyOf,
    );

  const read = (end: ExchangeEnd): CallResult => {
    const result = toResult(end);
    const serverTime = end.status === 'answer' ? readServerTime(end.http) : null;
    if (result.status !== 'answered' || result.code !== EXPIRED_SIGNATURE || serverTime === null)
      return result;
    clock.offsetMs = serverTime - now();
    return { ...result, repeat: 'clock_corrected' };
  };

  return {
    prepare: (subject) => prepareCall(subject, encrypt),
    upload: async ({ head, tail, payloadHash }, signal) => {
      // Signed when its upload begins, so that a signature never ages while work waits.
      const request = { path: endpoint.pathname, headers: sign(payloadHash), head, tail };
      const exchange = await openExchange({ dispatcher, limits, now }, request, signal);
      return {
        signal: exchange.signal,
        complete: async () => read(await exchange.complete()),
        abandon: async () => read(await exchange.abandon()),
      };
    },
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

function toResult(end: ExchangeEnd): CallResult {
  if (end.status === 'abandoned') return { status: 'not_sent', reason: end.reason };
  const { durationMs, completed: sent } = end;
  if (end.status === 'lost') {
    const { code, startedAt: sentAt, cause } = end;
    const repeat = end.brokeInUpload ? 'broke_in_upload' : null;
    const row = resolveOutcome(code);
    return { status: 'unanswered', code, row, sent, sentAt, durationMs, requestId: null, cause, repeat };
  }
  const { http, sentAt } = end;
  const answer: UpstreamAnswer = readAnswer(http);
  const row = resolveOutcome(answer.code);
  const { requestId } = answer;
  if (answer.status === 'unreadable') {
    const { code } = answer;
    const cause = `HTTP ${http.status}`;
    return { status: 'unanswered', code, row, sent, sentAt, durationMs, requestId, cause, repeat: null };
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
    sent,
    repeat: null,
  };
}
