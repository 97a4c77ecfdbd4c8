import type { Logger } from 'pino';
import type { Lane } from '../../shared/account/limiter/lane.ts';
import type { GrantedSlot } from '../../shared/account/limiter/slot-line.ts';
import type { ClaimContext } from '../../shared/store/verifications/claim.ts';
import { markSent, takeBackMark } from '../../shared/store/verifications/mark-sent.ts';
import type { OwnedClaim } from '../../shared/store/verifications/owned-claim.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { slotRank } from './slot-rank.ts';

/** A verification that this run has claimed. */
export interface HeldVerification {
  readonly record: VerificationRecord;
  readonly claim: OwnedClaim;
}

export interface SlotTakerDeps {
  /** Its connection batches no writes: a slot waits for the mark. */
  readonly marks: ClaimContext;
  /** Its connection waits refusals out: a mark is taken back in the end. */
  readonly claims: ClaimContext;
  readonly lane: Lane;
  readonly metrics: WorkerMetrics;
  readonly log: Logger;
  readonly now: () => number;
}

/** How the wait for a slot ended. */
export type SlotWait =
  /** `askedAt`: ms epoch; `call`: the id under which the request is marked */
  | {
      readonly status: 'granted';
      readonly slot: GrantedSlot;
      readonly askedAt: number;
      readonly call: string;
    }
  /** ms epoch */
  | { readonly status: 'lane_closed'; readonly until: number }
  /** Another run has the verification: this one sends nothing and writes nothing. */
  | { readonly status: 'claim_lost' }
  | { readonly status: 'none' };

/** Takes the slot of one upstream call. No request leaves before the record says that it is about to. */
export interface SlotTaker {
  /** For `UpstreamClient.call`: false when the request shall not be completed. */
  take(signal: AbortSignal): Promise<boolean>;
  /** How it stands now. */
  wait(): SlotWait;
  /** Resolves once nothing of this taker's is under way; a mark whose request never left is taken back by then. */
  ended(wasSent: boolean): Promise<SlotWait>;
}

export function createSlotTaker(
  deps: SlotTakerDeps,
  { record, claim }: HeldVerification,
  jobPriority: number,
): SlotTaker {
  const rank = slotRank(jobPriority);
  const { id } = record;
  const takings: Promise<unknown>[] = [];
  let wait: SlotWait = { status: 'none' };

  const takeOnce = async (signal: AbortSignal): Promise<boolean> => {
    const askedAt = deps.now();
    const call = makeRunToken();
    const marks: Promise<unknown>[] = [];
    wait = { status: 'none' };
    const prepare = async () => {
      const marking = markSent(deps.marks, { id, claim, call, sentAt: new Date(deps.now()).toISOString() });
      marks.push(marking);
      return (await marking) === 'marked';
    };
    const grant = await deps.lane.take({ rank, signal, prepare }).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    switch (grant?.status) {
      case 'granted':
        wait = { status: 'granted', slot: grant, askedAt, call };
        deps.metrics.slotsGranted.inc({ rank });
        deps.metrics.slotWaitSeconds.observe(grant.waitedMs / 1000);
        return true;
      case 'held':
        wait = { status: 'lane_closed', until: grant.until };
        break;
      case 'declined':
        wait = { status: 'claim_lost' };
        deps.log.warn(
          { event: 'claim_lost', verification: id },
          'another run has claimed it: nothing is sent',
        );
        break;
    }
    // A mark may be under way still, and an earlier one of this call may stand, or have been taken for a lost call.
    await Promise.allSettled(marks);
    if (marks.length > 0) await takeBackMark(deps.claims, { id, call });
    return false;
  };

  return {
    take: (signal) => {
      const taking = takeOnce(signal);
      takings.push(taking);
      return taking;
    },
    wait: () => wait,
    ended: async (wasSent) => {
      await Promise.allSettled(takings);
      if (!wasSent && wait.status === 'granted') await takeBackMark(deps.claims, { id, call: wait.call });
      return wait;
    },
  };
}
