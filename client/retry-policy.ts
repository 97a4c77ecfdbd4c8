import { type Backoff, computeBackoffMs } from '../shared/contract/backoff.ts';
import { ApiError } from './api-error.ts';
import { ConnectionError, TimeoutError, type VeriqueueError } from './veriqueue-error.ts';

export interface RetryFacts {
  readonly failure: VeriqueueError;
  /** Retries made so far, those that waited for {@link RetryFacts.queuedBehind} left out. */
  readonly retries: number;
  /** Times in a row it was heard that an earlier request under the same Idempotency-Key is still being processed. */
  readonly queuedBehind: number;
  readonly maxRetries: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export type RetryDecision =
  | { readonly decision: 'give_up' }
  | { readonly decision: 'retry'; readonly delayMs: number; readonly isQueuedBehind: boolean };

const BACKOFF: Backoff = { baseMs: 500, capMs: 8_000 };

/** A caller who is asked to wait longer than this is better served by an error that says so. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** The key of a request that died is free after ten seconds; it is asked for once a second. */
const MAX_QUEUED_BEHIND = 15;
const QUEUED_BEHIND_MS = 1_000;

/** Not now, or with an unknown result: 502 and 504 are a proxy's word that it lost the server. */
const TRANSIENT_STATUSES: readonly number[] = [408, 429, 502, 503, 504];

const giveUp: RetryDecision = { decision: 'give_up' };

/**
 * Whether a failed request is sent again, and when: exponential backoff of which half is random, never before the
 * server's Retry-After.
 */
export function computeRetry(facts: RetryFacts): RetryDecision {
  const { failure, retries, queuedBehind, maxRetries, random } = facts;
  const retryAfterMs = failure instanceof ApiError ? (failure.retryAfterMs ?? 0) : 0;
  if (maxRetries === 0 || retryAfterMs > LONGEST_RETRY_AFTER_MS) return giveUp;
  if (failure instanceof ApiError && failure.code === 'in_progress') {
    if (queuedBehind >= MAX_QUEUED_BEHIND) return giveUp;
    return { decision: 'retry', delayMs: Math.max(QUEUED_BEHIND_MS, retryAfterMs), isQueuedBehind: true };
  }
  if (retries >= maxRetries || !isTransient(failure)) return giveUp;
  const half = computeBackoffMs(BACKOFF, retries) / 2;
  const delayMs = Math.round(Math.max(half, retryAfterMs) + random() * half);
  return { decision: 'retry', delayMs, isQueuedBehind: false };
}

/** Whether the same request may be answered later. */
export function isTransient(failure: VeriqueueError): boolean {
  if (failure instanceof ApiError) return TRANSIENT_STATUSES.includes(failure.status);
  return failure instanceof ConnectionError || failure instanceof TimeoutError;
}
