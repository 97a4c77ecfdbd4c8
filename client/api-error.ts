import type { FieldError, ProblemCode } from '../shared/contract/problem.ts';
import { nameErrors, VeriqueueError } from './veriqueue-error.ts';

/**
 * The stable `code` of a problem. A newer server may know more of them; `unrecognized_answer` stands for whatever is not
 * an answer of Veriqueue, such as a proxy's page.
 */
export type ApiErrorCode = ProblemCode | 'unrecognized_answer' | (string & Record<never, never>);

export interface ApiErrorDetails {
  /** HTTP status. */
  readonly status: number;
  readonly code: ApiErrorCode;
  readonly title: string;
  readonly detail: string | null;
  /** One entry per bad field, with a JSON pointer to it. Values are never echoed. */
  readonly errors: readonly FieldError[];
  /** How long the server asks to wait; null when it does not say. */
  readonly retryAfterMs: number | null;
  /** Of `cannot_meet_deadline`: what could be promised instead, RFC 3339; null otherwise, and when nothing can. */
  readonly earliestAnswerBy: string | null;
}

export interface FailedRequest {
  /** What could not be done, as in "submit a verification". */
  readonly doing: string;
  /** The id that the request was about; null when it was about none. */
  readonly verification: string | null;
  /** Requests that were sent. */
  readonly attempts: number;
}

/** As a sentence: what could not be done and why, with the fields that are wrong, and never with their values. */
function describeFailure({ doing, verification }: FailedRequest, details: ApiErrorDetails): string {
  const { status, code, title, errors } = details;
  if (code === 'not_found' && verification !== null) return `No verification ${verification} for this client`;
  const fields = errors.map(({ pointer, code: rule }) => `${pointer} ${rule}`.trim());
  const reason = fields.length > 0 ? fields.join(', ') : `${title.charAt(0).toLowerCase()}${title.slice(1)}`;
  return `Cannot ${doing}: ${reason} (${status} ${code})`;
}

/** The server answered, and the answer is no. Each subclass says what to do about it. */
export class ApiError extends VeriqueueError implements ApiErrorDetails {
  readonly status: number;
  readonly code: ApiErrorCode;
  readonly title: string;
  readonly detail: string | null;
  readonly errors: readonly FieldError[];
  readonly retryAfterMs: number | null;
  readonly earliestAnswerBy: string | null;

  constructor(failed: FailedRequest, details: ApiErrorDetails) {
    super(describeFailure(failed, details), { attempts: failed.attempts });
    this.status = details.status;
    this.code = details.code;
    this.title = details.title;
    this.detail = details.detail;
    this.errors = details.errors;
    this.retryAfterMs = details.retryAfterMs;
    this.earliestAnswerBy = details.earliestAnswerBy;
  }
}

/** The request is wrong and stays so: `errors` names the fields. */
export class InvalidRequestError extends ApiError {}

/** The API key is unknown, revoked, or its client disabled. */
export class AuthenticationError extends ApiError {}

/** There is no such verification, no longer, or it is another client's. */
export class NotFoundError extends ApiError {}

/** The verification is not in a state in which this can be done: `code` says why. */
export class ConflictError extends ApiError {}

/** Submitted faster than this client may: again after `retryAfterMs`. */
export class RateLimitedError extends ApiError {}

/** The backlog is full, or the service or what lies before it is down: again after `retryAfterMs`. */
export class UnavailableError extends ApiError {}

nameErrors({
  ApiError,
  InvalidRequestError,
  AuthenticationError,
  NotFoundError,
  ConflictError,
  RateLimitedError,
  UnavailableError,
});

const CLASSES: Readonly<Record<number, typeof ApiError>> = {
  400: InvalidRequestError,
  401: AuthenticationError,
  403: AuthenticationError,
  404: NotFoundError,
  409: ConflictError,
  413: InvalidRequestError,
  414: InvalidRequestError,
  415: InvalidRequestError,
  422: InvalidRequestError,
  429: RateLimitedError,
  431: InvalidRequestError,
  502: UnavailableError,
  503: UnavailableError,
  504: UnavailableError,
};

/** The error for an answer, of the class that belongs to its status. */
export function createApiError(failed: FailedRequest, details: ApiErrorDetails): ApiError {
  const Class = CLASSES[details.status] ?? ApiError;
  return new Class(failed, details);
}
