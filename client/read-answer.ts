import type { FieldError } from '../shared/contract/problem.ts';
import { problemType } from '../shared/contract/problem-type.ts';
import { parseRetryAfter } from '../shared/contract/retry-after.ts';
import { type ApiErrorDetails, createApiError } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { ConnectionError, TimeoutError, type VeriqueueError } from './veriqueue-error.ts';

export interface Answer {
  /** The parsed JSON object; null when the answer has no body. */
  readonly body: object | null;
  readonly headers: Headers;
  /** Until when the server asks to wait before the next request; null when it does not say. */
  readonly retryAfterMs: number | null;
  /** Requests that were sent for it. */
  readonly attempts: number;
}

export type Reading =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly failure: VeriqueueError };

export interface ReadingContext {
  /** What is being done, as in "submit a verification". */
  readonly doing: string;
  /** The id that the request is about; null when it is about none. */
  readonly verification: string | null;
  readonly attempts: number;
  /** ms epoch */
  readonly now: number;
}

/** Makes of an exchange the answer that was asked for, or the error that its caller gets if it is not tried again. */
export function readAnswer(exchange: Exchange, context: ReadingContext): Reading {
  const { doing, attempts, now } = context;
  switch (exchange.result) {
    case 'unreachable': {
      const message = `Cannot ${doing}: the server cannot be reached (${causeOf(exchange.cause)})`;
      return { ok: false, failure: new ConnectionError(message, { attempts, cause: exchange.cause }) };
    }
    case 'timed_out': {
      const message = `Cannot ${doing}: the server did not answer in time`;
      return { ok: false, failure: new TimeoutError(message, { attempts }) };
    }
    case 'answered': {
      const { status, headers, text } = exchange;
      const retryAfterMs = parseRetryAfter(headers.get('retry-after'), now);
      const body = parseObject(text);
      if (status === 204 || (status >= 200 && status < 300 && body !== null)) {
        return { ok: true, answer: { body, headers, retryAfterMs, attempts } };
      }
      const details = { ...describeProblem(body, status), status, retryAfterMs };
      return { ok: false, failure: createApiError(context, details) };
    }
    default:
      return exchange satisfies never;
  }
}

/** As servers of 0.1 before its release had it. */
const FORMER_TYPE = 'urn:veriqueue:problem:';
const PLAIN_CODE = /^[a-z_]{1,64}$/;

type ProblemTexts = Pick<ApiErrorDetails, 'code' | 'title' | 'detail' | 'errors' | 'earliestAnswerBy'>;

/**
 * Only problems of Veriqueue are taken over, because they echo nothing. What a proxy says, as a page or as a problem of
 * its own, may quote the request.
 */
function describeProblem(body: object | null, status: number): ProblemTexts {
  const { type, code, title, detail, errors, earliestAnswerBy } = { ...body } as Readonly<
    Record<string, unknown>
  >;
  const isOwn =
    typeof code === 'string' &&
    PLAIN_CODE.test(code) &&
    (type === problemType(code) || type === `${FORMER_TYPE}${code}`);
  if (!isOwn) {
    const title = `The answer with status ${status} is not from Veriqueue`;
    return { code: 'unrecognized_answer', title, detail: null, errors: [], earliestAnswerBy: null };
  }
  return {
    code,
    title: typeof title === 'string' ? title : code,
    detail: typeof detail === 'string' ? detail : null,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
    earliestAnswerBy: typeof earliestAnswerBy === 'string' ? earliestAnswerBy : null,
  };
}

function isFieldError(entry: unknown): entry is FieldError {
  const { pointer, code, detail } = { ...Object(entry) } as Readonly<Record<string, unknown>>;
  return [pointer, code, detail].every((text) => typeof text === 'string');
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The system's code where there is one, such as ECONNREFUSED: `fetch` itself says nothing but that it failed. */
function causeOf(error: unknown): string {
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    if ('code' in link && typeof link.code === 'string') return link.code;
  }
  return error instanceof Error ? error.name : 'an unknown error';
}
