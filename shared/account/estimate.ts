import type { StoredStatus } from '../contract/verification-status.ts';

export interface EstimateFacts {
  readonly status: StoredStatus;
  /** 1 is next; null when it stands in no line */
  readonly position: number | null;
  /** ms epoch */
  readonly nextAttemptAt: number | null;
}

export interface LaneSpeed {
  /** False while the lane is held, slow or paused: then it is unknown when it moves on. */
  readonly moving: boolean;
  /** Requests per second the upstream really takes. */
  readonly perSecond: number;
}

/** From sending a request to its outcome being written, as the upstream usually answers. */
export const TYPICAL_ANSWER_MS = 500;

/** Longest time a client is asked to wait before it asks again, in seconds. */
const LONGEST_RETRY_AFTER_S = 3600;

/**
 * When the outcome may be expected, ms epoch; null when it is written already or cannot be estimated.
 *
 * Priorities are counted because the position counts them: it is the rank in the line BullMQ serves.
 */
export function computeEstimatedCompletion(
  { status, position, nextAttemptAt }: EstimateFacts,
  lane: LaneSpeed,
  now: number,
): number | null {
  switch (status) {
    case 'completed':
    case 'failed':
    case 'cancelled':
      return null;
    case 'verifying':
      return now + TYPICAL_ANSWER_MS;
    case 'queued':
    case 'retrying':
    case 'deferred': {
      if (!lane.moving || lane.perSecond <= 0) return null;
      const startAt = position === null ? Math.max(now, nextAttemptAt ?? now) : now + waitMs(position, lane);
      return Math.round(startAt + TYPICAL_ANSWER_MS);
    }
    default:
      return status satisfies never;
  }
}

/** Seconds a new submission at this position waits for its outcome; null when that cannot be estimated. */
export function computeWaitSeconds(position: number, lane: LaneSpeed): number | null {
  if (!lane.moving || lane.perSecond <= 0) return null;
  return Math.ceil((waitMs(position, lane) + TYPICAL_ANSWER_MS) / 1000);
}

/**
 * Seconds after which it is worth asking for the outcome; a minute while that is unknown. An estimate that has not come
 * true for a long time is asked about less often: a hundredth of the time waited so far.
 *
 * @param times ms epoch
 */
export function computePollAfter(
  estimatedCompletionAt: number | null,
  { submittedAt, now }: { readonly submittedAt: number; readonly now: number },
): number {
  if (estimatedCompletionAt === null) return 60;
  return clampSeconds(Math.max(estimatedCompletionAt - now, 0.01 * (now - submittedAt)) / 1000);
}

/**
 * Seconds after which a submission refused for a full backlog is worth repeating: until a tenth of the backlog has been
 * worked off. Waiting for all of it would leave the quota unused, waiting for the first place would bring everybody back
 * at once.
 */
export function computeBacklogRetryAfter(backlog: number, maxBacklog: number, lane: LaneSpeed): number {
  if (!lane.moving || lane.perSecond <= 0) return 60;
  return clampSeconds((backlog - 0.9 * maxBacklog) / lane.perSecond);
}

function waitMs(position: number, lane: LaneSpeed): number {
  return (position / lane.perSecond) * 1000;
}

function clampSeconds(seconds: number): number {
  return Math.min(LONGEST_RETRY_AFTER_S, Math.max(1, Math.ceil(seconds)));
}
