import { type AccountReading, lostOf } from '../shared/account/account-readings.ts';
import { computeEstimatedCompletion } from '../shared/account/estimate.ts';
import { speedOf } from '../shared/account/lane-overview.ts';
import type { LaneOverview } from '../shared/contract/lane.ts';
import type { Verification } from '../shared/contract/verification.ts';
import { isWaiting } from '../shared/contract/verification-status.ts';
import { readRepeats } from '../shared/store/clients/repeats.ts';
import type { StoreKeys } from '../shared/store/keys.ts';
import type { Redis, Transaction } from '../shared/store/redis/redis-client.ts';
import {
  asClientSees,
  asOperatorSees,
  isSilentlyDeferred,
} from '../shared/store/verifications/person-deferral.ts';
import { presentVerification } from '../shared/store/verifications/present.ts';
import { computeExtension, type DelayTotals } from '../shared/store/verifications/promised-time.ts';
import type { VerificationRecord } from '../shared/store/verifications/verification-record.ts';
import type { LaneView } from './lane-view.ts';

/**
 * Places in the line, in the order asked for; 1 is next, null stands in no line (claimed, postponed or final).
 *
 * The rank in BullMQ's prioritized set is the place: it orders by priority, then by the turns of the clients. What
 * holds no turn yet is parked where its turn will be by what was known at its submission, so that its place is an estimate.
 */
export async function readPositions(
  redis: Redis,
  keys: StoreKeys,
  ids: readonly string[],
): Promise<(number | null)[]> {
  const [before, ranks] = await Promise.all([
    redis.llen(keys.queueKey(keys.verificationQueue, 'wait')),
    Promise.all(ids.map((id) => redis.zrank(keys.queueKey(keys.verificationQueue, 'prioritized'), id))),
  ]);
  return ranks.map((rank) => computePosition(before, rank));
}

/** Queues the same question about one verification into a transaction, as its last two commands. */
export function queuePosition(transaction: Transaction, keys: StoreKeys, id: string): void {
  transaction.llen(keys.queueKey(keys.verificationQueue, 'wait'));
  transaction.zrank(keys.queueKey(keys.verificationQueue, 'prioritized'), id);
}

/** @param replies to the transaction */
export function positionOf(replies: readonly unknown[]): number | null {
  const [before, rank] = replies.slice(-2);
  return typeof before === 'number' && typeof rank === 'number' ? computePosition(before, rank) : null;
}

/** @param before jobs that were put back at the head of everything */
const computePosition = (before: number, rank: number | null): number | null =>
  rank === null ? null : before + rank + 1;

/** What a verification is shown beside. */
export interface Surroundings extends Pick<DelayTotals, 'repeats'> {
  readonly lane: LaneOverview;
  readonly accounts: readonly AccountReading[];
}

/** @param clientId whose verifications are to be shown */
export async function readSurroundings(
  { redis, keys, lane }: { readonly redis: Redis; readonly keys: StoreKeys; readonly lane: LaneView },
  clientId: string,
): Promise<Surroundings> {
  const [{ overview, accounts }, repeats] = await Promise.all([
    lane.readAll(),
    readRepeats(redis, keys, clientId),
  ]);
  return { lane: overview, accounts, repeats };
}

/** A verification as its client sees it now. */
export function presentNow(
  record: VerificationRecord,
  position: number | null,
  surroundings: Surroundings,
  now: number,
): Verification {
  const place = isSilentlyDeferred(record) ? endOfLine(record, surroundings.lane) : position;
  return present(asClientSees(record), place, surroundings, now);
}

/** The same for operators, who may know what it waits for. */
export function presentToOperator(
  record: VerificationRecord,
  position: number | null,
  surroundings: Surroundings,
  now: number,
): Verification {
  return present(asOperatorSees(record), position, surroundings, now);
}

/** Where a new verification of its priority would stand. */
function endOfLine({ priority }: VerificationRecord, { backlog }: LaneOverview): number {
  return backlog.interactive + (priority === 'bulk' ? backlog.bulk : 0) + 1;
}

function present(
  record: VerificationRecord,
  position: number | null,
  { lane, accounts, repeats }: Surroundings,
  now: number,
): Verification {
  const waits = isWaiting(record);
  const shown = waits ? position : null;
  return presentVerification(record, {
    position: shown,
    estimatedCompletionAt: computeEstimatedCompletion(
      { status: record.status, position: shown, nextAttemptAt: record.nextAttemptAt },
      speedOf(lane),
      now,
    ),
    isSuspended: lane.status === 'held',
    livemode: lane.livemode,
    isRunning: lane.status === 'running',
    extended:
      record.promise && computeExtension(record.promise, { lost: lostOf(accounts, record.promise), repeats }),
    now,
  });
}
