import { DIGEST_BYTES } from './batch-identity.ts';
import type { JournalEntry } from './journal-entry.ts';

/** What the journal knows of a row; `untouched` is every row it does not know, or whose refusal is certain. */
export type RowState = 'untouched' | 'trying' | 'accepted' | 'final';

const STATES: readonly RowState[] = ['untouched', 'trying', 'accepted', 'final'];

/** State, digest, time of the first try: 17 bytes a row, however many there are. */
const ROW_BYTES = 1 + DIGEST_BYTES + 8;
const FIRST_ROWS = 1024;

/** The journal in memory, by line. */
export class RowBook {
  #rows: Buffer = Buffer.alloc(FIRST_ROWS * ROW_BYTES);
  readonly #counts = { untouched: 0, trying: 0, accepted: 0, final: 0 };

  note(entry: JournalEntry): void {
    const [what, line] = entry;
    if (what === 'trying') this.#noteTry(line, Buffer.from(entry[2], 'base64url'), entry[3]);
    else this.#setState(line, what === 'refused' ? 'untouched' : what);
  }

  stateOf(line: number): RowState {
    return STATES[this.#rows[line * ROW_BYTES] ?? 0] ?? 'untouched';
  }

  /** Meaningless for a row that is untouched. */
  isUnchanged(line: number, digest: Buffer): boolean {
    const at = line * ROW_BYTES + 1;
    return this.#rows.subarray(at, at + DIGEST_BYTES).equals(digest);
  }

  /** ms epoch */
  triedAt(line: number): number {
    return this.#rows.readDoubleLE(line * ROW_BYTES + 1 + DIGEST_BYTES);
  }

  /** Rows the server has, or may have. */
  get touched(): number {
    return this.#counts.trying + this.accepted;
  }

  get accepted(): number {
    return this.#counts.accepted + this.#counts.final;
  }

  get final(): number {
    return this.#counts.final;
  }

  /** A repeated try keeps the time of the first: that is when the server began to remember it, at the earliest. */
  #noteTry(line: number, digest: Buffer, at: number): void {
    const isFirst = this.stateOf(line) === 'untouched';
    this.#setState(line, 'trying');
    digest.copy(this.#rows, line * ROW_BYTES + 1, 0, DIGEST_BYTES);
    if (isFirst) this.#rows.writeDoubleLE(at, line * ROW_BYTES + 1 + DIGEST_BYTES);
  }

  #setState(line: number, state: RowState): void {
    const needed = (line + 1) * ROW_BYTES;
    if (needed > this.#rows.length) {
      this.#rows = Buffer.concat([this.#rows], Math.max(needed, this.#rows.length * 2));
    }
    this.#counts[this.stateOf(line)] -= 1;
    this.#counts[state] += 1;
    this.#rows[line * ROW_BYTES] = STATES.indexOf(state);
  }
}
