import { ApiError, ConnectionError, TimeoutError } from '../../client/veriqueue.ts';
import { faultOf, type RowFault } from './batch-row.ts';

/** What a submission that was not accepted came to. */
export type Refusal =
  /** The row is wrong, and would be so again. `mayBeThere`: the server has what an earlier run sent in its place. */
  | { readonly status: 'bad'; readonly faults: readonly RowFault[]; readonly mayBeThere: boolean }
  /** The server is well and asks to come back later. */
  | { readonly status: 'later'; readonly retryAfterMs: number }
  /** An earlier request with the same key is still under way: of the run before, or over a connection that broke. */
  | { readonly status: 'in_progress' }
  /** No answer, or none that helps. The server may have the row; its key finds out. */
  | { readonly status: 'trouble'; readonly retryAfterMs: number; readonly error: unknown }
  /** No row will fare better. */
  | { readonly status: 'hopeless'; readonly error: unknown };

/** Where the server does not say when to come back. */
const DEFAULT_RETRY_MS = 1_000;

const CODES_OF_THE_ROW: readonly string[] = ['invalid_submission', 'malformed_body', 'idempotency_mismatch'];

/** Limits that an answer of the upstream, or time, makes room below. */
const FULL: readonly string[] = ['too_many_requests', 'client_backlog_full', 'backlog_full'];

/** @param error what the client threw */
export function classifyAnswer(error: unknown): Refusal {
  if (error instanceof ConnectionError || error instanceof TimeoutError) {
    return { status: 'trouble', retryAfterMs: 0, error };
  }
  if (!(error instanceof ApiError)) return { status: 'hopeless', error };
  // 413 may also be a proxy's.
  if (error.status === 413 || CODES_OF_THE_ROW.includes(error.code)) {
    const mayBeThere = error.code === 'idempotency_mismatch';
    return { status: 'bad', faults: describeFaults(error), mayBeThere };
  }
  if (error.code === 'in_progress') return { status: 'in_progress' };
  if (FULL.includes(error.code)) {
    return { status: 'later', retryAfterMs: error.retryAfterMs ?? DEFAULT_RETRY_MS };
  }
  return error.status >= 500 || error.status === 408 || error.status === 429
    ? { status: 'trouble', retryAfterMs: error.retryAfterMs ?? 0, error }
    : { status: 'hopeless', error };
}

function describeFaults({ code, title, errors }: ApiError): readonly RowFault[] {
  if (code === 'idempotency_mismatch') {
    const detail = 'must be as it was when it was first submitted, in an earlier run of this batch';
    return [{ field: '', code, detail }];
  }
  return errors.length > 0 ? errors.map(faultOf) : [{ field: '', code, detail: title }];
}
