interface Entry {
  readonly id: string;
  readonly score: number;
}

/** A sorted set of Redis': by score, equals by id. An array, because most of what happens is at its ends. */
export class SortedIds {
  readonly #entries: Entry[] = [];
  readonly #scores = new Map<string, number>();

  get size(): number {
    return this.#entries.length;
  }

  has(id: string): boolean {
    return this.#scores.has(id);
  }

  get(id: string): number | undefined {
    return this.#scores.get(id);
  }

  set(id: string, score: number): void {
    this.delete(id);
    this.#scores.set(id, score);
    const entry = { id, score };
    this.#entries.splice(this.#indexOf(entry), 0, entry);
  }

  delete(id: string): void {
    const score = this.#scores.get(id);
    if (score === undefined) return;
    this.#scores.delete(id);
    this.#entries.splice(this.#indexOf({ id, score }), 1);
  }

  /** -1 when it is not in it. */
  rank(id: string): number {
    const score = this.#scores.get(id);
    return score === undefined ? -1 : this.#indexOf({ id, score });
  }

  at(rank: number): string | undefined {
    return this.#entries[rank]?.id;
  }

  first(): string | undefined {
    return this.#entries[0]?.id;
  }

  /** Those with a score of `from` or more. */
  from(from: number, count: number): string[] {
    const start = this.#indexOf({ id: '', score: from });
    return this.#entries.slice(start, start + count).map(({ id }) => id);
  }

  /** Those with a score from `from` to less than `to`. */
  between(from: number, to: number, count = Number.POSITIVE_INFINITY): string[] {
    const start = this.#indexOf({ id: '', score: from });
    const end = Math.min(this.#indexOf({ id: '', score: to }), start + count);
    return this.#entries.slice(start, end).map(({ id }) => id);
  }

  entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Where it is, or belongs. */
  #indexOf({ id, score }: Entry): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry && (entry.score < score || (entry.score === score && entry.id < id))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
