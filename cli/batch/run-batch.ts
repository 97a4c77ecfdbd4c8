import type { Veriqueue } from '../../client/veriqueue.ts';
import type { Outcome, Verification } from '../../shared/contract/verification.ts';
import { isFinal } from '../../shared/contract/verification-status.ts';
import { VerdictWait } from './await-verdicts.ts';
import { type BadRows, openBadRows } from './bad-rows.ts';
import { type Journal, openJournal } from './journal.ts';
import { lockBatch } from './lock.ts';
import { Pacer } from './pacer.ts';
import { type BatchFile, readRows } from './read-rows.ts';
import type { References } from './references.ts';
import { openResults, type Results, resultOf } from './results.ts';
import { openSubmissionFetch } from './submission-fetch.ts';
import { type Submitting, submitRows } from './submit-rows.ts';
import { surveyRows } from './survey.ts';

export interface BatchPaths {
  readonly results: string;
  readonly bad: string;
  readonly journal: string;
}

export interface BatchOptions {
  readonly file: BatchFile;
  readonly paths: BatchPaths;
  /** As `openPhotoFolder` found it. */
  readonly photoFolder: string;
  readonly references: References;
  readonly awaitsVerdicts: boolean;
  readonly resubmitsUnknown: boolean;
  readonly trustInput: boolean;
  /** Submissions under way at once, at most. */
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
  readonly questions: Pick<Veriqueue, 'get' | 'list'>;
  readonly apiKey: string;
  /** Ends the run in order. */
  readonly stopped: AbortSignal;
  /** ms epoch */
  readonly now: () => number;
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
  const { paths, trustInput } = options;
  const { apiKey, now } = deps;
  const unlock = await lockBatch(`${paths.journal}.lock`);
  try {
    const journal = await openJournal({ path: paths.journal, apiKey, trustInput, now });
    try {
      return await runWithJournal(deps, options, journal);
    } finally {
      await journal.close();
    }
  } finally {
    await unlock();
  }
}

async function runWithJournal(
  deps: BatchDeps,
  options: BatchOptions,
  journal: Journal,
): Promise<BatchReport> {
  const { file, paths, trustInput, awaitsVerdicts } = options;
  let blank = 0;
  const rows = await surveyRows(
    readRows(file, () => {
      blank += 1;
    }),
    { path: file.path, journal, trustInput },
  );
  const results = await openResults(paths.results, journal, { awaitsVerdicts, now: deps.now });
  try {
    const badRows = await openBadRows(paths.bad, deps.now);
    try {
      return await new BatchRun(deps, options, { journal, results, badRows, rows, blank }).run();
    } finally {
      await badRows.close();
    }
  } finally {
    await results.close();
  }
}

interface OpenBatch {
  readonly journal: Journal;
  readonly results: Results;
  readonly badRows: BadRows;
  readonly rows: number;
  readonly blank: number;
}

class BatchRun {
  readonly #deps: BatchDeps;
  readonly #options: BatchOptions;
  readonly #batch: OpenBatch;
  readonly #wait: VerdictWait;
  readonly #halt = new AbortController();
  readonly #stopped: AbortSignal;
  readonly #verdicts = { match: 0, no_match: 0, unverifiable: 0, error: 0, none: 0 };
  #dealtWith = 0;
  #isSubmitted = false;

  constructor(deps: BatchDeps, options: BatchOptions, batch: OpenBatch) {
    this.#deps = deps;
    this.#options = options;
    this.#batch = batch;
    this.#stopped = AbortSignal.any([deps.stopped, this.#halt.signal]);
    this.#wait = new VerdictWait({
      api: deps.questions,
      journal: batch.journal,
      results: batch.results,
      stopped: this.#stopped,
      now: deps.now,
      onVerdict: (verdict) => {
        this.#verdicts[verdict] += 1;
        this.#tell();
      },
    });
  }

  async run(): Promise<BatchReport> {
    const acceptedBefore = this.#batch.journal.book.accepted;
    await this.#countKnownVerdicts();
    this.#tell();
    if (this.#options.awaitsVerdicts) await this.#wait.addKnown();
    // Whichever fails ends the other in order, and both have ended before the files are closed.
    const [submitting, waiting] = await Promise.allSettled([this.#submit(), this.#awaitVerdicts()]);
    if (submitting.status === 'rejected') throw submitting.reason;
    if (waiting.status === 'rejected') throw waiting.reason;
    return this.#report(submitting.value, acceptedBefore);
  }

  async #submit(): Promise<Submitting> {
    const { openSubmissions, now, random } = this.#deps;
    const { file, concurrency, references, photoFolder, resubmitsUnknown } = this.#options;
    const { journal, badRows } = this.#batch;
    const pacer = new Pacer({ maxWindow: concurrency, now, random });
    const { fetch, close } = openSubmissionFetch(concurrency, (reading) => pacer.meter(reading));
    try {
      return await submitRows(
        {
          api: openSubmissions(fetch),
          journal,
          badRows,
          references,
          photoFolder,
          resubmitsUnknown,
          pacer,
          stopped: this.#stopped,
          now,
          onAccepted: (line, verification) => this.#noteAccepted(line, verification),
          onRow: () => {
            this.#dealtWith += 1;
            this.#tell();
          },
        },
        readRows(file),
      );
    } catch (error) {
      this.#halt.abort();
      throw error;
    } finally {
      this.#isSubmitted = true;
      await close();
    }
  }

  async #awaitVerdicts(): Promise<void> {
    if (!this.#options.awaitsVerdicts) return;
    try {
      await this.#wait.run(() => this.#isSubmitted);
    } catch (error) {
      this.#halt.abort();
      throw error;
    }
  }

  /** A repeat of an earlier run may find its answer at once. */
  async #noteAccepted(line: number, verification: Verification): Promise<void> {
    const { id, submittedAt, outcome } = verification;
    const result = resultOf(verification);
    if (isFinal(verification)) return this.#wait.settle(id, line, result, outcome?.verdict ?? null);
    if (this.#options.awaitsVerdicts) return this.#wait.add(id, line, Date.parse(submittedAt));
    await this.#batch.results.add(line, result);
  }

  async #countKnownVerdicts(): Promise<void> {
    for await (const entry of this.#batch.journal.entries()) {
      if (entry[0] !== 'final') continue;
      const verdict = entry[2].verdict;
      this.#verdicts[isVerdict(verdict) ? verdict : 'none'] += 1;
    }
  }

  #tell(): void {
    const { rows, journal, badRows } = this.#batch;
    const { accepted, final } = journal.book;
    const progress = { rows, dealtWith: this.#dealtWith, accepted, answered: final, bad: badRows.count };
    this.#deps.onProgress(progress);
  }

  #report(submitting: Submitting, acceptedBefore: number): BatchReport {
    const { journal, badRows, rows } = this.#batch;
    const { accepted, final } = journal.book;
    const bad = badRows.count - submitting.unknown;
    const isAllThere = accepted + badRows.count >= rows;
    return {
      ...submitting,
      batch: journal.batch,
      rows,
      blank: this.#batch.blank,
      accepted,
      acceptedNow: accepted - acceptedBefore,
      bad,
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
