import type { Priority } from '../contract/verification.ts';
import { OVERDUE_AFTER_MS } from './limiter/slot-order.ts';

/**
 * By when the upstream will have been asked about a verification for the first time, whatever others submit.
 *
 * Calls of one priority are served by tags (start-time fair queueing, `fragments/shares.lua`): each call of a client takes
 * the client's next turn, 100 / weight after its last one, and no turn lies before the one that was served last. A
 * verification with n turns of its client up to its own is at most n of these steps ahead of what is served now. Another client, also
 * one that begins to submit only now, has at most `its weight / own weight · n + 1` turns before that. Over all clients there
 * are, that makes `n · Σ weights / own weight + clients − 1` calls, this one included. Counting only the clients that have work
 * would give a shorter time that the others' next submission breaks.
 *
 * Calls that others make again take turns of their own, so they are among these. Not among them are calls that the client
 * itself has to make again, and time in which the account gave no slots: both are added where they show, see
 * `computeExtension`.
 */
export interface PromiseFacts {
  readonly priority: Priority;
  /** Of the client. */
  readonly weight: number;
  /** Of all clients that may submit or have work, this one's included. */
  readonly weightOfAll: number;
  /** How many those are. */
  readonly clients: number;
  /** Requests per second that the priority has whatever the other one does: {@link computeGuaranteedRate}. */
  readonly perSecond: number;
}

/** A promise is `baseMs`, and `perTurnMs` for each turn of the client up to the promised one. */
export interface PromiseTerms {
  readonly baseMs: number;
  readonly perTurnMs: number;
  /** For each call before it, where those are known one by one. */
  readonly perCallMs: number;
}

/**
 * Of the quota, what the limiter gives whatever happens on the way: its margin grows to 60 ms at most, which is 94.3 %
 * (`LIMITER_DEFAULTS`), and slots that came too late for their holders were below one in a hundred under load.
 */
const USABLE_SHARE = 0.935;

/**
 * What a worker that is killed has claimed comes back after 3 s of silence and half a second more, and needs a claim, an upload
 * and a slot: 4 s (docs/guarantees.md, the fifth). The rest is for two machines' clocks.
 */
export const RECOVERY_MS = 4_250;

/** A bulk call in a worker's hands stands behind interactive ones until it has waited so long; the queue cannot let it ahead. */
const HELD_BACK_MS = { interactive: 0, bulk: OVERDUE_AFTER_MS } as const satisfies Record<Priority, number>;

/** Requests per second that a priority is sure of; 0: none, so that nothing can be promised. */
export function computeGuaranteedRate(
  priority: Priority,
  { quotaPerSecond, bulkShare }: { readonly quotaPerSecond: number; readonly bulkShare: number },
): number {
  return quotaPerSecond * (priority === 'bulk' ? bulkShare : 1 - bulkShare) * USABLE_SHARE;
}

/** Null when nothing can be promised. */
export function computePromiseTerms({
  priority,
  weight,
  weightOfAll,
  clients,
  perSecond,
}: PromiseFacts): PromiseTerms | null {
  if (perSecond <= 0 || weight <= 0) return null;
  const perCallMs = 1000 / perSecond;
  return {
    baseMs: RECOVERY_MS + HELD_BACK_MS[priority] + (Math.max(1, clients) - 1) * perCallMs,
    perTurnMs: (Math.max(weight, weightOfAll) / weight) * perCallMs,
    perCallMs,
  };
}
