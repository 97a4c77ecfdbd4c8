import type { Veriqueue } from '../../client/veriqueue.ts';
import type { Outcome, Verification } from '../../shared/contract/verification.ts';
import { isFinal } from '../../shared/contract/verification-status.ts';
import { type BadRows, openBadRows } from './bad-rows.ts';
import { type Journal, openJournal } from './journal.ts';
import type { RowResult } from './journal-entry.ts';
import { lockBatch } from './lock.ts';
import { Pace } from './pace.ts';
import { type BatchFile, readRows } from './read-rows.ts';
import { assertOwnResults, openResults, type Results, resultOf, resultWithout } from './results.ts';
import { openSubmissionFetch } from './submission-fetch.ts';
import { type Submitting, submitRows } from './submit-rows.ts';
import { surveyRows } from './survey.ts';
import type { RowRules } from './validate-row.ts';
import { VerdictWait } from './verdict-wait.ts';

export interface BatchPaths {
  readonly results: string;
  readonly bad: string;
  readonly journal: string;
}

export interface BatchOptions {
  readonly file: BatchFile;
  readonly paths: BatchPaths;
  readonly rules: RowRules;
  readonly awaitsVerdicts: boolean;
  readonly resubmitsUnknown: boolean;
  readonly trustInput: boolean;
  /** Submissions under way at once. */
  readonly concurrency: number;
}

/** How far a batch is; all runs together. */
export interface BatchProgress {
  readonly rows: number;
  /** Submitted or bad. */
  readonly dealtWith: number;
  readonly accepted: number;
  readonly answered: number;
  readonly bad: number;
}

export interface BatchDeps {
  /** A client without retries of its own, that uses this `fetch`. */
  readonly openSubmissions: (fetch: typeof globalThis.fetch) => Pick<Veriqueue, 'submit'>;
  readonly questions: Pick<Veriqueue, 'get'>;
  readonly apiKey: string;
  /** Ends the run in order. */
  readonly stopped: AbortSignal;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onProgress: (progress: BatchProgress) => void;
}

export interface BatchReport extends Submitting {
  readonly batch: string;
  readonly rows: number;
  /** Rows in which no field holds anything; they are no part of `rows`. */
  readonly blank: number;
  /** The server has them: from all runs, and from this one. */
  readonly accepted: number;
  readonly acceptedNow: number;
  readonly bad: number;
  readonly answered: number;
  /** Of all runs, while verdicts are waited for; `none`: cancelled or gone. */
  readonly verdicts: Readonly<Record<Outcome['verdict'] | 'none', number>>;
  /** Nothing is left to do, but for bad rows. */
  readonly isFinished: boolean;
}

/**
 * Submits the rows of a file, and waits for their verdicts if it shall. What it has done is in the journal: it goes on from
 * there, however it ended before.
 *
 * @throws {CommandFailure} before anything is sent, when the files do not allow it
 * @throws {VeriqueueError} when the server does not
 */
export async function runBatch(deps: BatchDeps, options: BatchOptions): Promise<BatchReport> {
  const { paths, trustInput, rules } = options;
  const unlock = await lockBatch(`${paths.journal}.lock`);
  try {
    const { apiKey } = deps;
    const journal = await openJournal({ path: paths.journal, apiKey, trustInput, now: rules.now });
    try {
      return await new BatchRun(deps, options, journal).run();
    } finally {
      await journal.close();
    }
  } finally {
    await unlock();
  }
}

class BatchRun {
  readonly #deps: BatchDeps;
  readonly #options: BatchOptions;
  readonly #journal: Journal;
  readonly #wait: VerdictWait;
  readonly #halt = new AbortController();
  readonly #stopped: AbortSignal;
  readonly #verdicts = { match: 0, no_match: 0, unverifiable: 0, error: 0, none: 0 };
  #rows = 0;
  #blank = 0;
  #dealtWith = 0;
  #bad = 0;
  #isSubmitted = false;

  constructor(deps: BatchDeps, options: BatchOptions, journal: Journal) {
    this.#deps = deps;
    this.#options = options;
    this.#journal = journal;
    this.#stopped = AbortSignal.any([deps.stopped, this.#halt.signal]);
    this.#wait = new VerdictWait({
      api: deps.questions,
      journal,
      stopped: this.#stopped,
      now: options.rules.now,
      onVerdict: (verdict) => {
        this.#verdicts[verdict] += 1;
        this.#report();
      },
    });
  }

  async run(): Promise<BatchReport> {
    const { file, paths, trustInput, rules } = this.#options;
    const onBlank = () => {
      this.#blank += 1;
    };
    const survey = { path: file.path, journal: this.#journal, references: rules.references, trustInput };
    this.#rows = await surveyRows(readRows(file, onBlank), survey);
    await assertOwnResults(paths.results, this.#journal.isResumed);
    const results = await openResults(paths.results, this.#replay(), rules.now);
    try {
      const badRows = await openBadRows(paths.bad, rules.now);
      try {
        return await this.#submitAndWait(results, badRows);
      } finally {
        await badRows.close();
      }
    } finally {
      await results.close();
    }
  }

  /** What earlier runs left: answers to show, and verifications to wait for. */
  async *#replay(): AsyncGenerator<readonly [number, RowResult], void> {
    for await (const entry of this.#journal.entries()) {
      const [what, line] = entry;
      if (what === 'final') {
        const [, , result] = entry;
        this.#verdicts[isVerdict(result.verdict) ? result.verdict : 'none'] += 1;
        yield [line, result];
      } else if (what === 'accepted' && this.#journal.book.stateOf(line) === 'accepted') {
        const [, , id, submittedAt, reference] = entry;
        if (this.#options.awaitsVerdicts) this.#wait.add(id, line, submittedAt);
        else yield [line, resultWithout({ id, reference, status: 'queued' })];
      }
    }
  }

  async #submitAndWait(results: Results, badRows: BadRows): Promise<BatchReport> {
    const acceptedBefore = this.#journal.book.accepted;
    this.#report();
    // Whichever fails ends the other in order, and both have ended before the files are closed.
    const [submitting, waiting] = await Promise.allSettled([
      this.#haltOnFailure(this.#submit(results, badRows)),
      this.#haltOnFailure(this.#awaitVerdicts(results)),
    ]);
    if (submitting.status === 'rejected') throw submitting.reason;
    if (waiting.status === 'rejected') throw waiting.reason;
    return this.#conclude(submitting.value, acceptedBefore);
  }

  async #haltOnFailure<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#halt.abort();
      throw error;
    }
  }

  async #submit(results: Results, badRows: BadRows): Promise<Submitting> {
    const { openSubmissions, random } = this.#deps;
    const { file, concurrency, rules, resubmitsUnknown } = this.#options;
    const pace = new Pace({ now: rules.now, random });
    const { fetch, close } = openSubmissionFetch(concurrency, (reading) => pace.meter(reading));
    const deps = {
      api: openSubmissions(fetch),
      journal: this.#journal,
      badRows,
      pace,
      rules,
      concurrency,
      resubmitsUnknown,
      stopped: this.#stopped,
      onAccepted: (line: number, verification: Verification) =>
        this.#noteAccepted(results, line, verification),
      onRow: () => {
        this.#dealtWith += 1;
        this.#bad = badRows.count;
        this.#report();
      },
    };
    try {
      return await submitRows(deps, readRows(file));
    } finally {
      this.#isSubmitted = true;
      await close();
    }
  }

  async #awaitVerdicts(results: Results): Promise<void> {
    if (this.#options.awaitsVerdicts) await this.#wait.run(results, () => this.#isSubmitted);
  }

  /** A repeat of an earlier run may find its answer at once. */
  async #noteAccepted(results: Results, line: number, verification: Verification): Promise<void> {
    const { id, submittedAt, outcome } = verification;
    const result = resultOf(verification);
    if (isFinal(verification)) return this.#wait.finish(results, line, result, outcome?.verdict ?? null);
    if (this.#options.awaitsVerdicts) return this.#wait.add(id, line, Date.parse(submittedAt));
    await results.add(line, result);
  }

  #report(): void {
    const { accepted, final } = this.#journal.book;
    const progress = { rows: this.#rows, dealtWith: this.#dealtWith, bad: this.#bad };
    this.#deps.onProgress({ ...progress, accepted, answered: final });
  }

  #conclude(submitting: Submitting, acceptedBefore: number): BatchReport {
    const { batch, book } = this.#journal;
    const { accepted, final } = book;
    const isAllThere = accepted + this.#bad >= this.#rows;
    return {
      ...submitting,
      batch,
      rows: this.#rows,
      blank: this.#blank,
      accepted,
      acceptedNow: accepted - acceptedBefore,
      bad: this.#bad - submitting.unknown,
      answered: final,
      verdicts: this.#verdicts,
      isFinished: isAllThere && (!this.#options.awaitsVerdicts || final === accepted),
    };
  }
}

const VERDICTS = [
  'match',
  'no_match',
  'unverifiable',
  'error',
] as const satisfies readonly Outcome['verdict'][];

function isVerdict(text: string | null): text is Outcome['verdict'] {
  return VERDICTS.some((verdict) => verdict === text);
}
