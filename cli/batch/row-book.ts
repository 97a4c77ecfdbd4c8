import { DIGEST_BYTES } from './batch-identity.ts';
import type { JournalEntry } from './journal-entry.ts';

const STATES = ['untouched', 'trying', 'accepted', 'final'] as const;

/** What the journal knows of a row; `untouched` is every row it does not know, or whose refusal is certain. */
export type RowState = (typeof STATES)[number];

const ROW_BYTES = 1 + DIGEST_BYTES;

/** The journal in memory, by line: state and digest. A `Map` of a million rows was rejected: it takes 100 MB, this 9. */
export class RowBook {
  #rows = Buffer.alloc(1024 * ROW_BYTES);
  /** ms epoch, of the few rows that are under way or were when a run ended. */
  readonly #firstTries = new Map<number, number>();
  readonly #counts = { untouched: 0, trying: 0, accepted: 0, final: 0 };

  note(entry: JournalEntry): void {
    const [what, line] = entry;
    this.#setState(line, what === 'refused' ? 'untouched' : what);
    if (what !== 'trying') {
      this.#firstTries.delete(line);
      return;
    }
    const [, , digest, at] = entry;
    this.#rows.write(digest, line * ROW_BYTES + 1, DIGEST_BYTES, 'base64url');
    // A repeated try keeps the time of the first: that is when the server began to remember it, at the earliest.
    if (!this.#firstTries.has(line)) this.#firstTries.set(line, at);
  }

  stateOf(line: number): RowState {
    return STATES[this.#rows[line * ROW_BYTES] ?? 0] ?? 'untouched';
  }

  /** Meaningless for a row that is untouched. */
  isUnchanged(line: number, digest: Buffer): boolean {
    return this.#rows.subarray(line * ROW_BYTES + 1, (line + 1) * ROW_BYTES).equals(digest);
  }

  /** ms epoch, for a row in the state `trying` */
  triedAt(line: number): number {
    return this.#firstTries.get(line) ?? 0;
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

  #setState(line: number, state: RowState): void {
    const needed = (line + 1) * ROW_BYTES;
    if (needed > this.#rows.length)
      this.#rows = Buffer.concat([this.#rows], Math.max(needed, this.#rows.length * 2));
    this.#counts[this.stateOf(line)] -= 1;
    this.#counts[state] += 1;
    this.#rows[line * ROW_BYTES] = STATES.indexOf(state);
  }
}
