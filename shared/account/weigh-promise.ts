import { turnUnitOf } from '../store/clients/client-weight.ts';
import type { PromiseTerms } from './promise-terms.ts';

/** What decides when a client's waiting verifications are asked about. */
export interface Standing {
  /** ms, see {@link PromiseTerms}. */
  readonly terms: PromiseTerms;
  readonly weight: number;
  /** By how much the tag of its next turn is ahead of the one that is served now; 0: its next turn has come. */
  readonly lead: number;
}

/** What `shares.reweigh` makes of the lead: the next turn was one unit after the one before it. */
export function reweighLead(lead: number, before: number, after: number): number {
  return before === after ? lead : Math.max(0, lead - turnUnitOf(before) + turnUnitOf(after));
}

/**
 * By when a verification is asked about that has so many of its client before it, whatever others submit.
 *
 * @param now ms epoch
 * @returns ms epoch
 */
export function computeLatestCall({ terms, weight, lead }: Standing, ahead: number, now: number): number {
  return now + terms.baseMs + (ahead + 1 + lead / turnUnitOf(weight)) * terms.perTurnMs;
}

/**
 * How much later than promised a verification may be asked about because of a change: 0 when the promise holds, or is not made
 * worse by it. A promise that could be missed before already counts, if it may now be missed by more.
 *
 * @param promised ms epoch, what has been added to it included
 * @param ahead verifications of its client before it
 */
export function computeDelay(
  promised: number,
  ahead: number,
  { before, after, now }: { readonly before: Standing; readonly after: Standing; readonly now: number },
): number {
  // Its turn has come, and it is asked about before all whose turn has not.
  if (ahead === 0 && after.lead === 0) return 0;
  const latest = computeLatestCall(after, ahead, now);
  return latest > computeLatestCall(before, ahead, now) ? Math.max(0, latest - promised) : 0;
}
