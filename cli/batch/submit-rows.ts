import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Submitted, Veriqueue } from '../../client/veriqueue.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import type { BadRows } from './bad-rows.ts';
import { type BatchRow, presentReference, type RowFault, type RowReading } from './batch-row.ts';
import type { Journal } from './journal.ts';
import { judgeAnswer, type Refusal } from './judge-answer.ts';
import type { PaceEvent } from './pace.ts';
import type { Pacer } from './pacer.ts';
import { createPhotoBuffers } from './photo-buffers.ts';
import { readPhotoFile } from './photo-file.ts';
import type { References } from './references.ts';

export interface SubmitRowsDeps {
  /** Without retries of its own: they would keep their place at the gate. */
  readonly api: Pick<Veriqueue, 'submit'>;
  readonly journal: Journal;
  readonly badRows: BadRows;
  readonly pacer: Pacer;
  readonly references: References;
  readonly photoFolder: string;
  /** Submit rows again whose fate nobody can find out any more. */
  readonly resubmitsUnknown: boolean;
  /** Stops beginning rows; what is under way finishes. */
  readonly stopped: AbortSignal;
  readonly now: () => number;
  /** A row is in the journal as accepted. */
  readonly onAccepted: (line: number, verification: Verification) => Promise<void>;
  /** One more row is dealt with. */
  readonly onRow: () => void;
}

export interface Submitting {
  /** Rows of which a repeat found out that they had been accepted before. */
  readonly replayed: number;
  /** Rows left alone because nobody knows whether the server has them. */
  readonly unknown: number;
}

/** The server remembers an Idempotency-Key for a day, at most; an hour for clocks and for the way there. */
const KEY_USABLE_MS = 23 * 3_600_000;
/** Photos in memory at once; each is there three times while it is sent. */
const MOST_BYTES = 12 * 1024 * 1024;
/** Rows that wait at the gate, without their photos. */
const MOST_ROWS = 80;
/** Without a single usable answer. */
const GIVE_UP_AFTER_MS = 5 * 60_000;
const IN_PROGRESS_MS = 1_000;

/**
 * Submits every row that the journal does not know as accepted. Each is sent under a key of its own, and noted before and
 * after: however often this is killed, a row is accepted once.
 *
 * @throws the error that no row would fare better with, after what was under way has finished
 */
export async function submitRows(deps: SubmitRowsDeps, rows: AsyncIterable<RowReading>): Promise<Submitting> {
  const submission = new RowSubmission(deps);
  try {
    for await (const reading of rows) {
      if (submission.isStopped) break;
      await submission.take(reading);
    }
  } catch (error) {
    submission.fail(error);
  }
  return submission.finish();
}

type Attempt = Refusal | { readonly status: 'accepted'; readonly submitted: Submitted };

interface ReadRow {
  readonly line: number;
  readonly row: BatchRow;
}

class RowSubmission {
  readonly #deps: SubmitRowsDeps;
  readonly #underWay = new Set<Promise<void>>();
  readonly #sending = new Set<Promise<unknown>>();
  readonly #buffers = createPhotoBuffers();
  readonly #halt = new AbortController();
  readonly #stopped: AbortSignal;
  #bytes = 0;
  #replayed = 0;
  #unknown = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(deps: SubmitRowsDeps) {
    this.#deps = deps;
    this.#stopped = AbortSignal.any([deps.stopped, this.#halt.signal]);
    // Every row at the gate listens.
    setMaxListeners(0, this.#stopped);
  }

  get isStopped(): boolean {
    return this.#stopped.aborted;
  }

  /** Resolves when the next row may be read. */
  async take(reading: RowReading): Promise<void> {
    const { journal, references, badRows, onRow } = this.#deps;
    if (reading.status === 'bad') {
      await badRows.add(reading.line, reading.reference, reading.faults);
      return onRow();
    }
    const { line, row } = reading;
    const duplicate = references.judge(line, row.reference);
    const state = journal.book.stateOf(line);
    if (state === 'accepted' || state === 'final') return onRow();
    if (duplicate !== null) return this.#refuse(line, row, [duplicate]);
    if (state === 'trying' && this.#isForgotten(line)) return this.#leaveAlone(line, row);
    this.#begin({ line, row });
    while (this.#underWay.size >= MOST_ROWS) await Promise.race(this.#underWay);
  }

  /** Begins nothing more; `finish` tells why. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#halt.abort();
  }

  async finish(): Promise<Submitting> {
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure.error;
    return { replayed: this.#replayed, unknown: this.#unknown };
  }

  #begin(row: ReadRow): void {
    const task = this.#submit(row)
      .catch((error: unknown) => this.fail(error))
      .finally(() => this.#underWay.delete(task));
    this.#underWay.add(task);
  }

  #isForgotten(line: number): boolean {
    const { journal, now, resubmitsUnknown } = this.#deps;
    return !resubmitsUnknown && now() - journal.book.triedAt(line) > KEY_USABLE_MS;
  }

  async #leaveAlone(line: number, row: BatchRow): Promise<void> {
    this.#unknown += 1;
    const detail =
      'was under way when a run ended, too long ago for the server to tell whether it has it: look for it there, then use --resubmit-unknown';
    await this.#refuse(line, row, [{ field: '', code: 'fate_unknown', detail }]);
  }

  async #refuse(line: number, row: BatchRow, faults: readonly RowFault[]): Promise<void> {
    await this.#deps.badRows.add(line, presentReference(row), faults);
    this.#deps.onRow();
  }

  async #submit(row: ReadRow): Promise<void> {
    const { journal } = this.#deps;
    let mayBeThere = journal.book.stateOf(row.line) === 'trying';
    while (await this.#passesGate()) {
      const attempt = await this.#attempt(row);
      if (attempt.status === 'accepted') return this.#noteAccepted(row, attempt.submitted);
      mayBeThere = await this.#heed(attempt, row, mayBeThere);
      if (attempt.status !== 'again') return;
    }
    if (!mayBeThere && journal.book.stateOf(row.line) === 'trying') await journal.note(['refused', row.line]);
  }

  /** False when no further row is to be sent. */
  async #passesGate(): Promise<boolean> {
    try {
      await this.#deps.pacer.enter(this.#stopped);
      return true;
    } catch (error) {
      if (this.#stopped.aborted) return false;
      throw error;
    }
  }

  /** Whatever comes of it, the place behind the gate is given back. */
  async #attempt(row: ReadRow): Promise<Attempt> {
    let event: PaceEvent | null = null;
    try {
      const attempt = await this.#send(row);
      if (attempt.status === 'accepted') event = { kind: 'taken' };
      if (attempt.status === 'again') event = attempt.event;
      return attempt;
    } finally {
      this.#deps.pacer.leave(event);
    }
  }

  async #send({ line, row }: ReadRow): Promise<Attempt> {
    const { api, journal, photoFolder, now } = this.#deps;
    const { photo: file, ...fields } = row;
    while (this.#bytes > MOST_BYTES) await Promise.race(this.#sending);
    const photo = await readPhotoFile(photoFolder, file, this.#buffers);
    if (photo.status === 'bad') return { status: 'bad', faults: [photo.fault], mayBeThere: false };
    if (journal.book.stateOf(line) === 'untouched') {
      await journal.note(['trying', line, journal.identity.digestRow(row).toString('base64url'), now()]);
    }
    const idempotencyKey = journal.identity.idempotencyKeyOf(line);
    const { length } = photo.bytes;
    this.#bytes += length;
    const sending = api
      .submit({ ...fields, photo: photo.bytes, idempotencyKey })
      .then((submitted): Attempt => ({ status: 'accepted', submitted }), judgeAnswer)
      .finally(() => {
        this.#bytes -= length;
        photo.release();
        this.#sending.delete(sending);
      });
    this.#sending.add(sending);
    return sending;
  }

  async #noteAccepted({ line }: ReadRow, { verification, replayed }: Submitted): Promise<void> {
    const { journal, onAccepted, onRow } = this.#deps;
    if (replayed) this.#replayed += 1;
    const { id, submittedAt, reference } = verification;
    await journal.note(['accepted', line, id, Date.parse(submittedAt), reference]);
    await onAccepted(line, verification);
    onRow();
  }

  /** @returns whether the server may have the row */
  async #heed(refusal: Refusal, { line, row }: ReadRow, mayBeThere: boolean): Promise<boolean> {
    const { journal, pacer } = this.#deps;
    switch (refusal.status) {
      case 'bad': {
        const isKnown = journal.book.stateOf(line) === 'trying';
        if (isKnown && !refusal.mayBeThere) await journal.note(['refused', line]);
        await this.#refuse(line, row, refusal.faults);
        return refusal.mayBeThere;
      }
      case 'hopeless':
        this.fail(refusal.error);
        return mayBeThere;
      case 'again':
        if (pacer.troubledMs > GIVE_UP_AFTER_MS) this.fail(refusal.error);
        if (refusal.event === null) await this.#pause(IN_PROGRESS_MS);
        return mayBeThere || refusal.mayBeThere;
      default:
        return refusal satisfies never;
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopped }).catch((error: unknown) => {
      if (!this.#stopped.aborted) throw error;
    });
  }
}
