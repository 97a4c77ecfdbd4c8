import type { ProblemCode } from '../shared/contract/problem.ts';
import { classifyRedisError, type RedisFailure } from '../shared/store/redis/failure.ts';
import { ProblemError, retryAfter } from './problem.ts';

/** Errors of the HTTP framework and its plug-ins that are the client's doing, by their stable code. */
const FRAMEWORK_CODES: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

const STATUS_CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'url_too_long',
  415: 'unsupported_media_type',
  431: 'headers_too_large',
};

/** Any thrown thing as the problem that its client receives. What is not recognized is our own fault. */
export function classifyError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (classifyRedisFailure(error) !== undefined) {
    return new ProblemError('unavailable', { headers: retryAfter(1), cause: error });
  }
  const code = frameworkCode(error);
  return new ProblemError(code ?? 'internal', code === undefined ? { cause: error } : {});
}

/**
 * A transaction that Redis discards says only EXECABORT; why, stands with the commands it refused to queue.
 */
function classifyRedisFailure(error: unknown): RedisFailure | undefined {
  const own = classifyRedisError(error);
  if (own !== undefined) return own;
  const previous = error instanceof Error && 'previousErrors' in error ? error.previousErrors : [];
  return Array.isArray(previous) ? previous.map(classifyRedisError).find(Boolean) : undefined;
}

function frameworkCode(error: unknown): ProblemCode | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  // The JSON parser's own error carries the status only; its message quotes the body.
  if (error instanceof SyntaxError && status === 400) return 'malformed_body';
  const known = FRAMEWORK_CODES[code] ?? STATUS_CODES[status];
  if (known !== undefined) return known;
  return status >= 400 && status < 500 ? 'malformed_request' : undefined;
}
