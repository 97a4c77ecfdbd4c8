import { TYPICAL_ANSWER_MS } from '../../shared/account/estimate.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { Priority } from '../../shared/contract/verification.ts';
import { orderClassOf } from '../../shared/store/shares/order-class.ts';
import type { Acceptance } from '../../shared/store/verifications/accept.ts';
import type { PromiseOffer } from '../../shared/store/verifications/promise.ts';
import { ProblemError } from '../problem.ts';
import type { OfferDeps } from './offer-promise.ts';

interface DeadlineDeps extends OfferDeps {
  readonly now: () => number;
}

/**
 * Before anything is written: whether an answer by then can be promised. The upstream must have been asked by then, less what
 * an answer usually takes.
 *
 * @throws {ProblemError} cannot_meet_deadline
 */
export async function requireDeadline(
  { redis, keys, lane, now }: DeadlineDeps,
  { clientId, priority }: { readonly clientId: string; readonly priority: Priority },
  answerBy: string | undefined,
  offer: PromiseOffer | null,
): Promise<void> {
  if (answerBy === undefined) return;
  const [{ status, backlog }, inLine] = await Promise.all([
    lane.read(),
    redis.zcard(keys.shareLine(orderClassOf(priority), clientId)),
  ]);
  // Nothing is known of the end of a hold, a pause or a slow phase.
  if (offer === null || status !== 'running') throw cannotMeet(null);
  const byTurns = offer.baseMs + (inLine + 1) * offer.perTurnMs;
  const completesBy = Math.ceil(now() + Math.min(byTurns, computeByCalls(offer, backlog, inLine)));
  if (isMissed(answerBy, completesBy)) throw cannotMeet(completesBy);
}

/** About what the acceptance will count, for one that is its client's next. */
function computeByCalls(
  { byCalls }: PromiseOffer,
  { verifying, retrying }: LaneOverview['backlog'],
  inLine: number,
): number {
  if (byCalls === null || inLine > 0) return Number.POSITIVE_INFINITY;
  return byCalls.beforeMs + (2 * verifying + retrying + 1) * byCalls.perCallMs;
}

/** After the acceptance has counted the turns itself: the refusal, if its promise comes after its deadline. */
export function findMissedDeadline({
  answerBy,
  completesBy,
}: Pick<Acceptance, 'answerBy'> & {
  /** ms epoch; undefined without a promise */
  readonly completesBy: number | undefined;
}): ProblemError | null {
  if (answerBy === undefined) return null;
  if (completesBy === undefined || !isMissed(answerBy, completesBy)) return null;
  return cannotMeet(completesBy);
}

const isMissed = (answerBy: string, completesBy: number): boolean =>
  Date.parse(answerBy) < completesBy + TYPICAL_ANSWER_MS;

/** In whole seconds: a repeat with what the answer said comes a little later. */
function cannotMeet(completesBy: number | null): ProblemError {
  const at = completesBy === null ? null : Math.ceil((completesBy + TYPICAL_ANSWER_MS) / 1000 + 1) * 1000;
  const earliestAnswerBy = at === null ? null : new Date(at).toISOString();
  return new ProblemError('cannot_meet_deadline', { members: { earliestAnswerBy } });
}
