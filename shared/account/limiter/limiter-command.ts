/**
 * What an attempt showed about the upstream as a whole.
 * - `answered`: the upstream dealt with the request, whatever the verdict
 * - `failed`: a transient failure, or no readable answer
 * - `refused`: over the quota (`RequestLimitExceeded*`)
 * - `account_fault`: nothing will be answered until the account is put right
 * - `maintenance`: nothing will be answered for a while
 */
export type Evidence = 'answered' | 'failed' | 'refused' | 'account_fault' | 'maintenance';

/**
 * Slot number, the latest instant its request may have left (microseconds of Redis' clock; 0: it never left), and the slot's
 * instant: a log that was lost gives its numbers away again, and then the instant alone says which of the two is meant. A process
 * of the version before does not name it.
 */
export type SentSlot = readonly [seq: number, sentUs: number, atUs?: number];
/**
 * Slot number, evidence, upstream code, and whom the attempt was about: a tag of letters and digits, the same for every
 * attempt about one person, from which nothing can be learned about the person.
 */
export type AttemptReport = readonly [seq: number, evidence: Evidence, code: string, about: string];

/** What a process has to report, whatever it asks for. */
export interface LimiterReports {
  /** The highest slot number the process has heard of: a limiter that knows less has lost its log. */
  readonly seen: number;
  /** The process saw Redis' clock step against its own monotonic one. */
  readonly stepped: boolean;
  /**
   * The history of writes that the process has found Redis to go on with, where it was another one before: after a failover or a
   * restart the latest slots may be missing. It is believed once, whichever process finds it. Not given by a process of the version
   * before.
   */
  readonly newHistory?: string | undefined;
  readonly sent: readonly SentSlot[];
  readonly attempts: readonly AttemptReport[];
}

export interface ReserveRequest {
  /** Class and tag of the first of the process' own waiters. A process of the version before gives none. */
  readonly order?: readonly [orderClass: number, tag: number];
  /** How long it has waited: of equals the one that has waited longer goes first. */
  readonly waitedUs: number;
  /** What a process of the version before compares instead of the order: the urgent seem to have waited so much longer. */
  readonly headStartUs: number;
  /** Slots it could use at once, 1 or more. */
  readonly want: number;
}

interface CommandBase {
  /** The process. No colon, no comma, no space. */
  readonly client: string;
  /**
   * Counts the process' commands, from 1. A command under the number of the one before it is that one sent again: it changes
   * nothing and gets the same reply.
   */
  readonly number: number;
  readonly reports: LimiterReports;
}

export type LimiterCommand = CommandBase &
  (
    | { readonly op: 'report' }
    | { readonly op: 'reserve'; readonly request: ReserveRequest }
    | { readonly op: 'pause'; readonly reason: string }
    | { readonly op: 'resume' }
  );

export type LimiterAnswer =
  | { readonly kind: 'reported' }
  /** `seq` and the numbers after it may be used at `atUs[0]`, `atUs[1]`, … and not before. */
  | {
      readonly kind: 'reserved';
      readonly seq: number;
      readonly probe: boolean;
      readonly atUs: readonly number[];
    }
  /** Ask again at `dueUs`. */
  | { readonly kind: 'wait'; readonly dueUs: number }
  | {
      readonly kind: 'closed';
      readonly status: 'slow' | 'held' | 'paused';
      readonly reason: string;
      readonly untilUs: number;
    };

/** A change that an operator should read about; reported to the one process whose command brought it about. */
export type LimiterChange =
  | { readonly name: 'held' | 'slow' | 'paused' | 'rate'; readonly detail: string }
  | { readonly name: 'resumed' | 'restarted'; readonly detail: string };
