import type { Logger } from 'pino';
import { type ClaimContext, markSent } from '../../shared/record/claim.ts';
import type { VerificationRecord } from '../../shared/record/verification-record.ts';
import type { Lane } from '../lane/lane.ts';
import type { GrantedSlot } from '../lane/slot-line.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { slotRank } from './slot-rank.ts';

export interface SlotTakerDeps {
  /** Its connection batches no writes: the mark leaves before the request's last bytes. */
  readonly marks: ClaimContext;
  readonly lane: Lane;
  readonly metrics: WorkerMetrics;
  readonly log: Logger;
  readonly now: () => number;
}

/** How the wait for a slot ended. */
export type SlotWait =
  /** `askedAt`: ms epoch */
  | { readonly status: 'granted'; readonly slot: GrantedSlot; readonly askedAt: number }
  /** ms epoch */
  | { readonly status: 'lane_closed'; readonly until: number }
  | { readonly status: 'none' };

/** Takes the slot of one upstream call, and marks in the record that the request is leaving. */
export interface SlotTaker {
  /** For `UpstreamClient.call`: false when the request shall not be completed. */
  take(signal: AbortSignal): Promise<boolean>;
  /** What came of it; resolves once the mark is written, or known not to be. */
  ended(): Promise<SlotWait>;
}

export function createSlotTaker(
  deps: SlotTakerDeps,
  record: VerificationRecord,
  jobPriority: number,
): SlotTaker {
  const rank = slotRank(jobPriority);
  let wait: SlotWait = { status: 'none' };
  let mark: Promise<void> = Promise.resolve();
  return {
    take: async (signal) => {
      const askedAt = deps.now();
      const grant = await deps.lane.take({ rank, signal }).catch((error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (grant === null) return false;
      if (grant.status === 'held') {
        wait = { status: 'lane_closed', until: grant.until };
        return false;
      }
      wait = { status: 'granted', slot: grant, askedAt };
      deps.metrics.slotsGranted.inc({ rank });
      deps.metrics.slotWaitSeconds.observe(grant.waitedMs / 1000);
      mark = markSent(deps.marks, record.id, new Date(deps.now()).toISOString()).catch((error: unknown) => {
        deps.log.warn(
          { event: 'mark_not_written', verification: record.id, err: error },
          'a call is not marked',
        );
      });
      return true;
    },
    ended: async () => {
      await mark;
      return wait;
    },
  };
}
