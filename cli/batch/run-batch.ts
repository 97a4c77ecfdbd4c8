import { setMaxListeners } from 'node:events';
import type { Veriqueue } from '../../client/veriqueue.ts';
import { CommandFailure } from '../command-failure.ts';
import { type Journal, openJournal } from './journal.ts';
import { type BatchPaths, type Ledger, openLedger } from './ledger.ts';
import { lockBatch } from './lock.ts';
import { Pace } from './pace.ts';
import { type BatchFile, readRows } from './read-rows.ts';
import { openSubmissionFetch } from './submission-fetch.ts';
import { submitRows } from './submit-rows.ts';
import type { RowRules } from './validate-row.ts';
import { awaitVerdicts } from './verdict-wait.ts';

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

export interface BatchReport {
  readonly batch: string;
  readonly rows: number;
  /** Rows in which no field holds anything; they are no part of `rows`. */
  readonly blank: number;
  /** The server has them: from all runs, and from this one. */
  readonly accepted: number;
  readonly acceptedNow: number;
  /** Rows of which a repeat found out that they had been accepted before. */
  readonly replayed: number;
  readonly bad: number;
  /** Rows left alone because it is unknown whether the server has them. */
  readonly unknown: number;
  readonly answered: number;
  readonly verdicts: Ledger['tally']['verdicts'];
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
  const { paths, trustInput, rules, awaitsVerdicts } = options;
  const { now } = rules;
  const { apiKey, onProgress } = deps;
  return thenClose(await lockBatch(`${paths.journal}.lock`), async () =>
    thenClose(await openJournal({ path: paths.journal, apiKey, trustInput, now }), async (journal) => {
      const { book, batch } = journal;
      const { rows, blank } = await surveyRows(options, journal);
      const acceptedBefore = book.accepted;
      const onChange = ({ tally: { dealtWith }, bad }: Ledger) =>
        onProgress({ rows, dealtWith, bad, accepted: book.accepted, answered: book.final });
      const opened = await openLedger({ paths, journal, awaitsVerdicts, now, onChange });
      return thenClose(opened, async (ledger) => {
        onChange(ledger);
        const unknown = await submitAndWait(deps, options, ledger);
        const { accepted, final } = book;
        const { replayed, verdicts } = ledger.tally;
        return {
          ...{ batch, rows, blank, accepted, acceptedNow: accepted - acceptedBefore, replayed },
          ...{ bad: ledger.bad - unknown, unknown, answered: final, verdicts },
          isFinished: accepted + ledger.bad >= rows && (!awaitsVerdicts || final === accepted),
        };
      });
    }),
  );
}

async function thenClose<R extends { close(): Promise<void> }, T>(
  resource: R,
  work: (resource: R) => Promise<T>,
): Promise<T> {
  try {
    return await work(resource);
  } finally {
    await resource.close();
  }
}

/**
 * Reads the whole file once before anything is sent: how many rows there are, that it can be read to its end, and that
 * the rows an earlier run has sent stand where they stood, as they were. Others may have changed: that is how users correct bad
 * rows.
 *
 * @throws {CommandFailure}
 */
async function surveyRows(
  { file, rules, trustInput }: BatchOptions,
  { book, identity }: Journal,
): Promise<{ readonly rows: number; readonly blank: number }> {
  let [rows, blank, found] = [0, 0, 0];
  const onBlank = () => {
    blank += 1;
  };
  for await (const reading of readRows(file, onBlank)) {
    rows += 1;
    rules.references.note(reading);
    if (book.stateOf(reading.line) === 'untouched') continue;
    found += 1;
    const isSame =
      reading.status === 'read' && book.isUnchanged(reading.line, identity.digestRow(reading.row));
    if (!isSame && !trustInput) throw changed(file.path, `others at line ${reading.line}`);
  }
  if (rows === 0) throw new CommandFailure(`${file.path} has no rows`);
  if (found !== book.touched && !trustInput) throw changed(file.path, 'fewer');
  return { rows, blank };
}

function changed(path: string, where: string): CommandFailure {
  return new CommandFailure(
    `The batch cannot go on: rows of ${path} that were submitted have changed (${where}). Put them back, or begin another batch with another --out`,
  );
}

/** @returns the number of rows of which it is unknown whether the server has them */
async function submitAndWait(
  { openSubmissions, questions, random, stopped: given }: BatchDeps,
  { file, rules, concurrency, resubmitsUnknown, awaitsVerdicts }: BatchOptions,
  ledger: Ledger,
): Promise<number> {
  const { now } = rules;
  let failure: { readonly error: unknown } | undefined;
  const ending = new AbortController();
  // What fails first ends everything else in order, so that no file is closed under a row that is still to be noted.
  const halt = (error: unknown) => {
    failure ??= { error };
    ending.abort();
  };
  const stopped = AbortSignal.any([given, ending.signal]);
  // Every row that waits listens.
  setMaxListeners(0, stopped);
  const pace = new Pace({ now, random });
  const { fetch, close } = openSubmissionFetch(concurrency, (reading) => pace.meter(reading));
  const api = openSubmissions(fetch);
  let isSubmitted = false;
  const submit = { api, ledger, pace, rules, concurrency, resubmitsUnknown, stopped, halt };
  const wait = { api: questions, ledger, stopped, now };
  const [unknown] = await Promise.all([
    submitRows(submit, readRows(file)).finally(() => {
      isSubmitted = true;
      return close();
    }),
    awaitsVerdicts ? awaitVerdicts(wait, () => isSubmitted).catch(halt) : undefined,
  ]);
  if (failure !== undefined) throw failure.error;
  return unknown;
}
