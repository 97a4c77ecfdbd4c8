import { ApiError, ConnectionError, TimeoutError } from '../../client/veriqueue.ts';
import { faultOf, type RowFault } from './batch-row.ts';
import type { PaceEvent } from './pace.ts';

/** What a submission that was not accepted came to. */
export type Refusal =
  /** The row is wrong, and would be so again. `mayBeThere`: the server has what an earlier run sent in its place. */
  | { readonly status: 'bad'; readonly faults: readonly RowFault[]; readonly mayBeThere: boolean }
  /** Not now. `event` tells the pace; `mayBeThere`: nobody knows whether the server has it, its key will tell. */
  | {
      readonly status: 'again';
      readonly event: PaceEvent | null;
      readonly mayBeThere: boolean;
      readonly error: unknown;
    }
  /** No row will fare better. */
  | { readonly status: 'hopeless'; readonly error: unknown };

/** Where the server does not say when to come back. */
const DEFAULT_RETRY_MS = 1_000;

const CODES_OF_THE_ROW: readonly string[] = ['invalid_submission', 'malformed_body', 'idempotency_mismatch'];

export function judgeAnswer(error: unknown): Refusal {
  if (error instanceof ConnectionError || error instanceof TimeoutError) return trouble(error, 0);
  if (!(error instanceof ApiError)) return { status: 'hopeless', error };
  const retryAfterMs = error.retryAfterMs ?? DEFAULT_RETRY_MS;
  // 413 may also be a proxy's.
  if (error.status === 413 || CODES_OF_THE_ROW.includes(error.code)) {
    const mayBeThere = error.code === 'idempotency_mismatch';
    return { status: 'bad', faults: describeFaults(error), mayBeThere };
  }
  switch (error.code) {
    case 'too_many_requests':
      return { status: 'again', event: { kind: 'too_fast', retryAfterMs }, mayBeThere: false, error };
    case 'backlog_full':
      return { status: 'again', event: { kind: 'full', retryAfterMs }, mayBeThere: false, error };
    case 'in_progress':
      // Of a run before this one, or of a request whose connection broke. Its key is free, or answers, within seconds.
      return { status: 'again', event: null, mayBeThere: true, error };
    default:
      return error.status >= 500 || error.status === 408 || error.status === 429
        ? trouble(error, error.retryAfterMs ?? 0)
        : { status: 'hopeless', error };
  }
}

function trouble(error: unknown, retryAfterMs: number): Refusal {
  return { status: 'again', event: { kind: 'trouble', retryAfterMs }, mayBeThere: true, error };
}

function describeFaults({ code, title, errors }: ApiError): readonly RowFault[] {
  if (code === 'idempotency_mismatch') {
    const detail = 'must be as it was when it was first submitted, in an earlier run of this batch';
    return [{ field: '', code, detail }];
  }
  return errors.length > 0 ? errors.map(faultOf) : [{ field: '', code, detail: title }];
}
