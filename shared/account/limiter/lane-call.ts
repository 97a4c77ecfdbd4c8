/**
 * What an attempt told about the lane.
 * - `answered`: the upstream dealt with the request, whatever the verdict
 * - `failed`: a transient failure, or no readable answer
 * - `refused`: over the quota (`RequestLimitExceeded*`)
 * - `account_fault`: nothing will be answered until the account is put right
 * - `maintenance`: nothing will be answered for a while
 */
export type LaneEvidence = 'answered' | 'failed' | 'refused' | 'account_fault' | 'maintenance';

/** Slot number, and the latest instant its request may have left (microseconds of Redis' clock; 0: it never left). */
export type SentSlot = readonly [seq: number, sentUs: number];
/**
 * Slot number, evidence, upstream code, and whom the attempt was about: a tag of letters and digits, the same for every
 * attempt about one person, from which nothing can be learned about the person.
 */
export type LaneReport = readonly [seq: number, evidence: LaneEvidence, code: string, about: string];

/** What a process has to tell, whatever it calls for. */
export interface LaneNews {
  /** The highest slot number the process has heard of: a lane that knows less has lost its log. */
  readonly seen: number;
  /** The process saw Redis' clock step against its own monotonic one. */
  readonly stepped: boolean;
  readonly sent: readonly SentSlot[];
  readonly reports: readonly LaneReport[];
}

export interface LaneAsk {
  /** The asking process. */
  readonly id: string;
  /** How long the first in its own line has waited. */
  readonly waitedUs: number;
  /** See `HEAD_START_MS`. */
  readonly headStartUs: number;
  /** Slots it could use at once, 1 or more. */
  readonly want: number;
}

export type LaneCall =
  | { readonly op: 'tell'; readonly news: LaneNews }
  | { readonly op: 'take'; readonly news: LaneNews; readonly ask: LaneAsk }
  | { readonly op: 'pause' | 'hold'; readonly news: LaneNews; readonly reason: string }
  | { readonly op: 'resume'; readonly news: LaneNews };

export type LaneAnswer =
  | { readonly kind: 'told' }
  /** `seq` and the numbers after it may be used at `atUs[0]`, `atUs[1]`, … and not before. */
  | {
      readonly kind: 'granted';
      readonly seq: number;
      readonly probe: boolean;
      readonly atUs: readonly number[];
    }
  /** Ask again at `dueUs`. */
  | { readonly kind: 'wait'; readonly dueUs: number }
  | {
      readonly kind: 'held';
      readonly status: 'slow' | 'held' | 'paused';
      readonly reason: string;
      readonly untilUs: number;
    };

/** A change of the lane that an operator should read about; told to the one process whose call brought it about. */
export type LaneChange =
  | { readonly name: 'held' | 'slow' | 'paused' | 'rate'; readonly detail: string }
  | { readonly name: 'resumed' | 'restarted'; readonly detail: string };

/** Waiting by urgency: who is more urgent goes ahead of everyone less urgent who began to wait less than this much earlier. */
export const HEAD_START_MS = {
  interactive_retry: 11_000,
  interactive: 10_000,
  bulk_retry: 1_000,
  bulk: 0,
} as const;

/** Retries before new work of the same priority, interactive before bulk; a head start instead of a strict order, so nothing starves. */
export type SlotRank = keyof typeof HEAD_START_MS;
