import type { Submitted, Veriqueue } from '../../client/veriqueue.ts';
import { pause } from '../../shared/pause.ts';
import type { RowFault, RowReading } from './batch-row.ts';
import { classifyAnswer, type Refusal } from './classify-answer.ts';
import type { Ledger } from './ledger.ts';
import type { Pace } from './pace.ts';
import { readPhotoFile } from './photo-file.ts';
import { listRowFaults, type RowRules } from './validate-row.ts';

export interface SubmitRowsDeps {
  /** Without retries of its own: the batch makes them, so that all rows wait when the server asks one to. */
  readonly api: Pick<Veriqueue, 'submit'>;
  readonly ledger: Ledger;
  readonly pace: Pace;
  readonly rules: RowRules;
  /** Submissions under way at once. */
  readonly concurrency: number;
  /** Submit rows again of which it is unknown whether the server has them. */
  readonly resubmitsUnknown: boolean;
  /** Stops beginning rows; what is under way finishes. */
  readonly stopped: AbortSignal;
  /** Stops, because no row would fare better. */
  readonly halt: (error: unknown) => void;
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
 * @returns how many rows were left alone because it is unknown whether the server has them
 */
export async function submitRows(
  deps: SubmitRowsDeps,
  rows: AsyncGenerator<RowReading, void>,
): Promise<number> {
  const submission = new RowSubmission(deps);
  const submitters = Array.from({ length: deps.concurrency }, async () => {
    try {
      while (!deps.stopped.aborted) {
        const next = await rows.next();
        if (next.done) return;
        await submission.take(next.value);
      }
    } catch (error) {
      deps.halt(error);
    }
  });
  await Promise.all(submitters);
  await rows.return();
  return submission.unknown;
}

type Answer = Refusal | { readonly status: 'accepted'; readonly submitted: Submitted };
type ReadRow = Extract<RowReading, { readonly status: 'read' }>;

class RowSubmission {
  unknown = 0;
  readonly #deps: SubmitRowsDeps;
  readonly #sending = new Set<Promise<unknown>>();
  #bytes = 0;
  /** Settled when the row before has left. */
  #turn: Promise<void> = Promise.resolve();

  constructor(deps: SubmitRowsDeps) {
    this.#deps = deps;
  }

  async take(reading: RowReading): Promise<void> {
    const { ledger, rules } = this.#deps;
    const { line } = reading;
    const duplicate = rules.references.findDuplicate(reading);
    const state = ledger.journal.book.stateOf(line);
    if (state === 'accepted' || state === 'final') ledger.noteDealtWith();
    else if (reading.status === 'bad' || duplicate !== null) {
      // The server does not see the row: all that can be found here is listed.
      await ledger.listBad(reading, await listRowFaults(rules, reading));
    } else if (state === 'trying' && this.#isForgotten(line)) {
      this.unknown += 1;
      await ledger.listBad(reading, [UNKNOWN]);
    } else await this.#submit(reading, state === 'trying');
  }

  #isForgotten(line: number): boolean {
    const { ledger, rules, resubmitsUnknown } = this.#deps;
    return !resubmitsUnknown && rules.now() - ledger.journal.book.triedAt(line) > KEY_USABLE_MS;
  }

  /** @param wasTried in an earlier run, whose answer is not known */
  async #submit(reading: ReadRow, wasTried: boolean): Promise<void> {
    const { ledger, pace, halt } = this.#deps;
    const { line } = reading;
    let mayBeThere = wasTried;
    while (await this.#mayLeave()) {
      const answer = await this.#send(reading);
      switch (answer.status) {
        case 'accepted':
          pace.answered();
          return ledger.noteAccepted(line, answer.submitted);
        case 'bad':
          if (!answer.mayBeThere) await ledger.noteRefused(line);
          return ledger.listBad(reading, answer.faults);
        case 'hopeless':
          return halt(answer.error);
        case 'later':
          pace.answered(answer.retryAfterMs);
          break;
        case 'in_progress':
          mayBeThere = true;
          await pause(IN_PROGRESS_MS, this.#deps.stopped);
          break;
        case 'trouble':
          mayBeThere = true;
          pace.failed(answer.retryAfterMs);
          if (pace.failingMs > GIVE_UP_AFTER_MS) halt(answer.error);
          break;
        default:
          return answer satisfies never;
      }
    }
    if (!mayBeThere) await ledger.noteRefused(line);
  }

  /** One after the other, each when the pace lets it. False when no further row is to be sent. */
  async #mayLeave(): Promise<boolean> {
    const { pace, stopped } = this.#deps;
    this.#turn = this.#turn.then(async () => {
      while (!stopped.aborted && pace.waitMs > 0) await pause(pace.waitMs, stopped);
      pace.left();
    });
    await this.#turn;
    return !stopped.aborted;
  }

  async #send(reading: ReadRow): Promise<Answer> {
    const { api, ledger, rules } = this.#deps;
    const { line, row } = reading;
    const { photo: file, ...fields } = row;
    while (this.#bytes > MOST_BYTES) await Promise.race(this.#sending);
    const photo = await readPhotoFile(rules.photoFolder, file);
    if (photo.status === 'bad') {
      // A row that an earlier run has sent may be there all the same.
      const mayBeThere = ledger.journal.book.stateOf(line) === 'trying';
      return { status: 'bad', faults: await listRowFaults(rules, reading), mayBeThere };
    }
    await ledger.noteTry(line, row);
    const idempotencyKey = ledger.journal.identity.idempotencyKeyOf(line);
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
}
