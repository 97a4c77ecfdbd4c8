import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Submitted, Veriqueue } from '../../client/veriqueue.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import type { BadRows } from './bad-rows.ts';
import type { BatchRow, RowFault, RowReading } from './batch-row.ts';
import { classifyAnswer, type Refusal } from './classify-answer.ts';
import type { Journal } from './journal.ts';
import type { Pace } from './pace.ts';
import { readPhotoFile } from './photo-file.ts';
import { listRowFaults, type RowRules, referenceToShow } from './validate-row.ts';

export interface SubmitRowsDeps {
  /** Without retries of its own: the batch makes them, so that all rows wait when the server asks one to. */
  readonly api: Pick<Veriqueue, 'submit'>;
  readonly journal: Journal;
  readonly badRows: BadRows;
  readonly pace: Pace;
  readonly rules: RowRules;
  /** Submissions under way at once. */
  readonly concurrency: number;
  /** Submit rows again of which it is unknown whether the server has them. */
  readonly resubmitsUnknown: boolean;
  /** Stops beginning rows; what is under way finishes. */
  readonly stopped: AbortSignal;
  /** A row is in the journal as accepted. */
  readonly onAccepted: (line: number, verification: Verification) => Promise<void>;
  /** One more row is dealt with. */
  readonly onRow: () => void;
}

export interface Submitting {
  /** Rows of which a repeat found out that they had been accepted before. */
  readonly replayed: number;
  /** Rows left alone because it is unknown whether the server has them. */
  readonly unknown: number;
}

/** The server remembers an Idempotency-Key for a day, at most; an hour for clocks and for the way there. */
const KEY_USABLE_MS = 23 * 3_600_000;
/** Photos in memory at once; each exists three times while it is sent. */
const MOST_BYTES = 12 * 1024 * 1024;
/** Without a single usable answer. */
const GIVE_UP_AFTER_MS = 5 * 60_000;
const IN_PROGRESS_MS = 1_000;

const UNKNOWN: RowFault = {
  field: '',
  code: 'fate_unknown',
  detail:
    'was under way when a run ended, too long ago for the server to know whether it has it: look for it there, then use --resubmit-unknown',
};

/**
 * Submits every row that the journal does not know as accepted. Each is sent under a key of its own, and noted before and
 * after: however often this is killed, a row is accepted once.
 *
 * @throws the error that no row would fare better with, after what was under way has finished
 */
export async function submitRows(
  deps: SubmitRowsDeps,
  rows: AsyncGenerator<RowReading, void>,
): Promise<Submitting> {
  const submission = new RowSubmission(deps);
  await Promise.all(Array.from({ length: deps.concurrency }, () => submission.work(rows)));
  await rows.return();
  return submission.report();
}

type Answer = Refusal | { readonly status: 'accepted'; readonly submitted: Submitted };
type ReadRow = Extract<RowReading, { readonly status: 'read' }>;

class RowSubmission {
  readonly #deps: SubmitRowsDeps;
  readonly #sending = new Set<Promise<unknown>>();
  readonly #halt = new AbortController();
  readonly #stopped: AbortSignal;
  #line: Promise<boolean> = Promise.resolve(true);
  #bytes = 0;
  #replayed = 0;
  #unknown = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(deps: SubmitRowsDeps) {
    this.#deps = deps;
    this.#stopped = AbortSignal.any([deps.stopped, this.#halt.signal]);
    // Every row that waits listens.
    setMaxListeners(0, this.#stopped);
  }

  /** One of the concurrent submitters: takes row after row. */
  async work(rows: AsyncGenerator<RowReading, void>): Promise<void> {
    try {
      while (!this.#stopped.aborted) {
        const next = await rows.next();
        if (next.done) return;
        await this.#take(next.value);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  report(): Submitting {
    if (this.#failure) throw this.#failure.error;
    return { replayed: this.#replayed, unknown: this.#unknown };
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#halt.abort();
  }

  async #take(reading: RowReading): Promise<void> {
    const { journal, rules, onRow } = this.#deps;
    const { line } = reading;
    const duplicate = rules.references.findDuplicate(reading);
    const state = journal.book.stateOf(line);
    if (state === 'accepted' || state === 'final') onRow();
    else if (reading.status === 'bad' || duplicate !== null) await this.#refuse(reading);
    else if (state === 'trying' && this.#isForgotten(line)) {
      this.#unknown += 1;
      await this.#refuse(reading, [UNKNOWN]);
    } else await this.#submit(reading);
  }

  #isForgotten(line: number): boolean {
    const { journal, rules, resubmitsUnknown } = this.#deps;
    return !resubmitsUnknown && rules.now() - journal.book.triedAt(line) > KEY_USABLE_MS;
  }

  /** @param faults by default all that can be found here: the server does not see the row */
  async #refuse(reading: RowReading, faults?: readonly RowFault[]): Promise<void> {
    const { badRows, rules, onRow } = this.#deps;
    const listed = faults ?? (await listRowFaults(rules, reading));
    await badRows.add(reading.line, referenceToShow(reading), listed);
    onRow();
  }

  async #submit(reading: ReadRow): Promise<void> {
    const { journal, pace } = this.#deps;
    const { line } = reading;
    let mayBeThere = journal.book.stateOf(line) === 'trying';
    while (await this.#mayLeave()) {
      const answer = await this.#send(reading);
      switch (answer.status) {
        case 'accepted':
          pace.answered();
          return this.#noteAccepted(line, answer.submitted);
        case 'bad':
          if (!answer.mayBeThere) await this.#noteRefused(line);
          return this.#refuse(reading, answer.faults);
        case 'hopeless':
          return this.#fail(answer.error);
        case 'later':
          pace.answered(answer.retryAfterMs);
          break;
        case 'in_progress':
          mayBeThere = true;
          await this.#pause(IN_PROGRESS_MS);
          break;
        case 'trouble':
          mayBeThere = true;
          pace.failed(answer.retryAfterMs);
          if (pace.failingMs > GIVE_UP_AFTER_MS) this.#fail(answer.error);
          break;
        default:
          return answer satisfies never;
      }
    }
    if (!mayBeThere) await this.#noteRefused(line);
  }

  /** One after the other, each when the pace lets it. False when no further row is to be sent. */
  #mayLeave(): Promise<boolean> {
    this.#line = this.#line.then(async () => {
      const { pace } = this.#deps;
      while (!this.#stopped.aborted && pace.waitMs > 0) await this.#pause(pace.waitMs);
      pace.left();
      return !this.#stopped.aborted;
    });
    return this.#line;
  }

  async #send(reading: ReadRow): Promise<Answer> {
    const { api, journal, rules } = this.#deps;
    const { line, row } = reading;
    const { photo: file, ...fields } = row;
    while (this.#bytes > MOST_BYTES) await Promise.race(this.#sending);
    const photo = await readPhotoFile(rules.photoFolder, file);
    if (photo.status === 'bad') {
      return { status: 'bad', faults: await listRowFaults(rules, reading), mayBeThere: false };
    }
    await this.#noteTry(line, row);
    const idempotencyKey = journal.identity.idempotencyKeyOf(line);
    const { length } = photo.bytes;
    this.#bytes += length;
    const sending = api
      .submit({ ...fields, photo: photo.bytes, idempotencyKey })
      .then((submitted): Answer => ({ status: 'accepted', submitted }), classifyAnswer)
      .finally(() => {
        this.#bytes -= length;
        this.#sending.delete(sending);
      });
    this.#sending.add(sending);
    return sending;
  }

  async #noteTry(line: number, row: BatchRow): Promise<void> {
    const { journal, rules } = this.#deps;
    if (journal.book.stateOf(line) !== 'untouched') return;
    await journal.note(['trying', line, journal.identity.digestRow(row).toString('base64url'), rules.now()]);
  }

  async #noteRefused(line: number): Promise<void> {
    const { journal } = this.#deps;
    if (journal.book.stateOf(line) === 'trying') await journal.note(['refused', line]);
  }

  async #noteAccepted(line: number, { verification, replayed }: Submitted): Promise<void> {
    const { journal, onAccepted, onRow } = this.#deps;
    if (replayed) this.#replayed += 1;
    const { id, submittedAt, reference } = verification;
    await journal.note(['accepted', line, id, Date.parse(submittedAt), reference]);
    await onAccepted(line, verification);
    onRow();
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopped }).catch((error: unknown) => {
      if (!this.#stopped.aborted) throw error;
    });
  }
}
