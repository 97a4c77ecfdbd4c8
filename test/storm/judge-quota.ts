import { mostInRollingSecond } from '../../bench/quota/judge.ts';
import type { UpstreamCall } from './logs.ts';

const WINDOW_MS = 1_000;

export interface QuotaJudgement {
  /** As stamped: a recorder that got no turn for a while shows more than there were. */
  readonly mostInRollingSecond: number;
  /** Arrivals that were one too many whatever the true times of all were, within what the recorder is sure of. */
  readonly over: number;
}

/** @param calls by arrival */
export function judgeQuota(calls: readonly UpstreamCall[], quotaPerSecond: number): QuotaJudgement {
  const over = calls.filter((call, index) => {
    const first = calls[index - quotaPerSecond];
    return first !== undefined && call.at - first.earliestAt < WINDOW_MS;
  });
  return { mostInRollingSecond: mostInRollingSecond(calls.map(({ at }) => at)), over: over.length };
}
