import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { type ReceivedHeaders, readHeaderValues } from '../../shared/webhook/header-values.ts';

/** An HTTP answer that arrived whole. Header names are lower-case. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: ReceivedHeaders;
  readonly body: Buffer;
}

/**
 * What an answer says. Every field the upstream may leave out, or send as null, is null then. Texts are whole, as long as
 * the answer may be: what is kept of one has the subject taken out, and is cut after that, by `withholdSubject`.
 */
export type UpstreamAnswer =
  | {
      readonly status: 'result';
      readonly code: string;
      readonly description: string | null;
      /** Similarity, 0 to 100. */
      readonly sim: number | null;
      readonly extra: string | null;
      readonly requestId: string | null;
    }
  | { readonly status: 'unreadable'; readonly code: OwnCode; readonly requestId: string | null };

/** The shape of all documented codes. Anything else is not let into records, metrics and logs as a code. */
const CODE_PATTERN = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$/;
/** A number that long is not part of any code, and may be a person's ID. */
const LONG_NUMBER = /\d{6}/;
const CODE_MAX_LENGTH = 100;
const SIM_MAX = 100;

/** Statuses that blame this one request. */
const REJECTING_STATUSES = new Set([400, 411, 413, 414, 415, 417, 422, 431]);

/**
 * Reads an answer of ImageRecognitionV2. Never throws: whatever the bytes are, the result is typed.
 *
 * The upstream reports business failures in `Response.Result` and errors in `Response.Error`; both are a code here.
 */
export function readAnswer({ status, body }: HttpAnswer): UpstreamAnswer {
  if (status !== 200) return unreadable(codeOfStatus(status));
  const text = body.toString('utf8');
  if (text.trim() === '') return unreadable('Veriqueue.EmptyAnswer');
  const parsed = parseJson(text);
  if (parsed === undefined) return unreadable('Veriqueue.NotJson');
  const response = readObject(readObject(parsed)?.['Response']);
  if (response === null) return unreadable('Veriqueue.UnexpectedAnswer');
  const requestId = readText(response['RequestId']);
  const error = readObject(response['Error']);
  const code = readCode(error === null ? response['Result'] : error['Code']);
  if (code === null) return unreadable('Veriqueue.UnexpectedAnswer', requestId);
  return {
    status: 'result',
    code,
    description: readText(error === null ? response['Description'] : error['Message']),
    sim: readSim(response['Sim']),
    extra: readText(response['Extra']),
    requestId,
  };
}

/**
 * The server's time from the `Date` header, in milliseconds since the epoch (resolution one second), or null. Of several,
 * the first that can be read: a proxy adds its own behind the server's.
 */
export function readServerTime({ headers }: HttpAnswer): number | null {
  const times = readHeaderValues(headers, 'date').map((date) => Date.parse(date));
  return times.find((time) => !Number.isNaN(time)) ?? null;
}

/**
 * 5xx says nothing about whether the call was carried out. A 4xx or 3xx says that it was not: some blame the request,
 * the others the endpoint, the proxy or the credentials, hence every request alike.
 */
function codeOfStatus(status: number): OwnCode {
  if (status === 429) return 'Veriqueue.HttpTooManyRequests';
  if (REJECTING_STATUSES.has(status)) return 'Veriqueue.HttpRejected';
  if (status >= 300 && status < 500 && status !== 408) return 'Veriqueue.HttpRefused';
  return 'Veriqueue.HttpStatus';
}

function unreadable(code: OwnCode, requestId: string | null = null): UpstreamAnswer {
  return { status: 'unreadable', code, requestId };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

function readCode(value: unknown): string | null {
  return typeof value === 'string' &&
    value.length <= CODE_MAX_LENGTH &&
    CODE_PATTERN.test(value) &&
    !LONG_NUMBER.test(value)
    ? value
    : null;
}

/** One line of well-formed text: control characters and halves of surrogate pairs have no place in a record. */
function readText(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(/\p{Cs}/gu, '')
    .trim();
  return text === '' ? null : text;
}

/** The documentation says Float; a number in quotes is taken too. */
function readSim(value: unknown): number | null {
  const sim = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof sim === 'number' && sim >= 0 && sim <= SIM_MAX ? sim : null;
}
