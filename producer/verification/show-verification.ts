import { computePollAfter } from '../../shared/account/estimate.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { isFinal } from '../../shared/contract/verification-status.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { LaneView } from '../lane-view.ts';
import type { ProducerLog } from '../producer-log.ts';
import { presentNow, readPositions, readSurroundings } from '../waiting.ts';
import { readOwn } from './own-verification.ts';

export interface ShowDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  readonly log: ProducerLog;
  /** ms epoch */
  readonly now: () => number;
}

export interface ShownNow {
  readonly verification: Verification;
  /** When it is worth looking again; null once it is final. */
  readonly pollAfterSeconds: number | null;
}

/**
 * A client's verification as it is now.
 *
 * @throws {ProblemError} not_found, also for another client's
 */
export async function showVerification(deps: ShowDeps, id: string, clientId: string): Promise<ShownNow> {
  const { redis, keys, now } = deps;
  const [record, [position = null], surroundings] = await Promise.all([
    readOwn(deps, id, clientId),
    readPositions(redis, keys, [id]),
    readSurroundings(deps, clientId),
  ]);
  const at = now();
  const shown = presentNow(record, position, surroundings, at);
  return { verification: shown, pollAfterSeconds: computePoll(shown, at) };
}

function computePoll(
  { status, submittedAt, estimatedCompletionAt: estimate }: Verification,
  now: number,
): number | null {
  if (isFinal({ status })) return null;
  const times = { submittedAt: Date.parse(submittedAt), now };
  return computePollAfter(estimate === null ? null : Date.parse(estimate), times);
}
