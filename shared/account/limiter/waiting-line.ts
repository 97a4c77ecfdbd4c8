import type { LaneAsk } from './lane-call.ts';
import { computePace, type LaneRecord, type Waiting } from './lane-record.ts';
import type { LaneSettings } from './lane-settings.ts';

/**
 * The line of processes that want a slot. Nobody sleeps inside Redis, so each is told when to come back: when the
 * slot at its place in the line comes within the horizon. Whoever is overdue by more than the grace is passed over
 * (its process died or was stopped) and so is one who is told to come only after the slot would have gone by.
 */

/** A come-back no sooner than this, so that two processes cannot keep each other busy. */
const MIN_WAIT_US = 2000;
/** Whoever is told to come later than this long before the slot is not waited for. */
const LAST_CALL_US = 20_000;
/** Entries overdue by this much are dropped. */
const FORGET_US = 1_000_000;

export type Turn =
  | { readonly mine: true; readonly line: readonly Waiting[] }
  | { readonly mine: false; readonly line: readonly Waiting[]; readonly dueUs: number };

/** Whether the next slot, opening at `slotUs`, is the asker's. */
export function computeTurn(
  record: LaneRecord,
  ask: LaneAsk,
  slotUs: number,
  settings: LaneSettings,
  nowUs: number,
): Turn {
  const keyUs = nowUs - ask.waitedUs - ask.headStartUs;
  const others = record.line.filter((other) => other.id !== ask.id && other.dueUs + FORGET_US >= nowUs);
  const ahead = others.filter(
    (other) =>
      (other.keyUs < keyUs || (other.keyUs === keyUs && other.id < ask.id)) &&
      other.dueUs + settings.graceUs >= nowUs,
  );
  const lastCallUs = Math.max(nowUs, slotUs - LAST_CALL_US);
  const waitFor = ahead.some((other) => other.dueUs <= lastCallUs);
  if (!waitFor && slotUs <= nowUs + settings.horizonUs) return { mine: true, line: others };
  const placeUs = slotUs + ahead.length * computePace(record, settings).softUs - settings.horizonUs;
  const afterOthersUs = Math.max(0, ...ahead.map((other) => other.dueUs + 1000));
  const earliestUs = Math.max(placeUs, afterOthersUs, nowUs + MIN_WAIT_US);
  const dueUs = Math.min(earliestUs, nowUs + settings.pollUs);
  return { mine: false, line: [...others, { id: ask.id, keyUs, dueUs }], dueUs };
}
