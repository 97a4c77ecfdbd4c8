import type { Submitted } from '../../client/veriqueue.ts';
import type { Outcome } from '../../shared/contract/verification.ts';
import { isFinal } from '../../shared/contract/verification-status.ts';
import { type BadRows, openBadRows } from './bad-rows.ts';
import type { BatchRow, RowFault, RowReading } from './batch-row.ts';
import type { Journal } from './journal.ts';
import { assertOwnResults, openResults, type Results, type RowResult, resultOf } from './results.ts';

export interface BatchPaths {
  readonly results: string;
  readonly bad: string;
  readonly journal: string;
}

/** A verification that has no answer yet: 130 bytes or so, with its place in the map. */
export interface Unanswered {
  readonly line: number;
  /** ms epoch */
  readonly submittedAt: number;
  /** Not asked for before; ms epoch */
  askAt: number;
}

export interface LedgerOptions {
  readonly paths: BatchPaths;
  readonly journal: Journal;
  readonly awaitsVerdicts: boolean;
  /** ms epoch */
  readonly now: () => number;
  readonly onChange: (ledger: Ledger) => void;
}

/** What a run counts, beside the journal's book. */
class Tally {
  /** Of all runs, while verdicts are waited for; `none`: cancelled or gone. */
  readonly verdicts = { match: 0, no_match: 0, unverifiable: 0, error: 0, none: 0 };
  /** What verdicts are waited for, by id; in the order of submission, or nearly. */
  readonly unanswered = new Map<string, Unanswered>();
  /** Rows that are submitted or listed as bad. */
  dealtWith = 0;
  /** Rows of which a repeat found out that they had been accepted before. */
  replayed = 0;

  countVerdict({ verdict }: RowResult): void {
    this.verdicts[isVerdict(verdict) ? verdict : 'none'] += 1;
  }
}

const VERDICTS: readonly string[] = [
  'match',
  'no_match',
  'unverifiable',
  'error',
] satisfies Outcome['verdict'][];

function isVerdict(text: string | null): text is Outcome['verdict'] {
  return text !== null && VERDICTS.includes(text);
}

/**
 * Begins a run's files: the results hold what earlier runs left.
 *
 * @throws {CommandFailure} when the results are not this batch's
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { paths, journal, now } = options;
  await assertOwnResults(paths.results, journal.isResumed);
  const tally = new Tally();
  const results = await openResults(paths.results, replay(options, tally), now);
  return new Ledger(options, { tally, results, badRows: await openBadRows(paths.bad, now) });
}

/** Answers to show, and verifications to wait for. */
async function* replay(
  { journal, awaitsVerdicts }: LedgerOptions,
  tally: Tally,
): AsyncGenerator<readonly [line: number, result: RowResult], void> {
  for await (const entry of journal.entries()) {
    if (entry[0] === 'final') {
      const [, line, result] = entry;
      tally.countVerdict(result);
      yield [line, result];
    } else if (entry[0] === 'accepted' && journal.book.stateOf(entry[1]) === 'accepted') {
      const [, line, id, submittedAt, reference] = entry;
      if (awaitsVerdicts) tally.unanswered.set(id, { line, submittedAt, askAt: 0 });
      else yield [line, resultOf({ reference, id, status: 'queued', outcome: null })];
    }
  }
}

interface LedgerParts {
  readonly tally: Tally;
  readonly results: Results;
  readonly badRows: BadRows;
}

/** Everything a run writes: what becomes of a row goes into the journal first, then into the file that people read. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #parts: LedgerParts;

  constructor(options: LedgerOptions, parts: LedgerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  get journal(): Journal {
    return this.#options.journal;
  }

  get tally(): Readonly<Tally> {
    return this.#parts.tally;
  }

  get bad(): number {
    return this.#parts.badRows.count;
  }

  /** Before a row is sent. */
  async noteTry(line: number, row: BatchRow): Promise<void> {
    const { book, identity, note } = this.journal;
    if (book.stateOf(line) !== 'untouched') return;
    await note(['trying', line, identity.digestRow(row).toString('base64url'), this.#options.now()]);
  }

  /** The server has nothing of the row. */
  async noteRefused(line: number): Promise<void> {
    const { book, note } = this.journal;
    if (book.stateOf(line) === 'trying') await note(['refused', line]);
  }

  async noteAccepted(line: number, { verification, replayed }: Submitted): Promise<void> {
    const { awaitsVerdicts } = this.#options;
    const { tally, results } = this.#parts;
    const { id, submittedAt, reference } = verification;
    if (replayed) tally.replayed += 1;
    const at = Date.parse(submittedAt);
    await this.journal.note(['accepted', line, id, at, reference]);
    // A repeat of an earlier run may find its answer at once.
    if (isFinal(verification)) await this.noteAnswer(line, resultOf(verification));
    else if (awaitsVerdicts) tally.unanswered.set(id, { line, submittedAt: at, askAt: 0 });
    else await results.add(line, resultOf(verification));
    this.noteDealtWith();
  }

  /** Once for each verification. */
  async noteAnswer(line: number, result: RowResult): Promise<void> {
    const { tally, results } = this.#parts;
    tally.unanswered.delete(result.id);
    await this.journal.note(['final', line, result]);
    await results.add(line, result);
    tally.countVerdict(result);
    this.#options.onChange(this);
  }

  async listBad(reading: RowReading, faults: readonly RowFault[]): Promise<void> {
    await this.#parts.badRows.add(reading, faults);
    this.noteDealtWith();
  }

  /** One more row needs nothing more. */
  noteDealtWith(): void {
    this.#parts.tally.dealtWith += 1;
    this.#options.onChange(this);
  }

  async close(): Promise<void> {
    await Promise.all([this.#parts.results.close(), this.#parts.badRows.close()]);
  }
}
