export interface Scored {
  readonly member: string;
  readonly score: number;
}

/** By score, then by bytes. */
export class SortedSet {
  readonly #scores = new Map<string, number>();
  #order: Scored[] = [];

  get size(): number {
    return this.#order.length;
  }

  get order(): readonly Scored[] {
    return this.#order;
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  set(member: string, score: number): void {
    const before = this.#scores.get(member);
    if (before === score) return;
    if (before !== undefined) this.#order.splice(this.#place({ member, score: before }), 1);
    this.#scores.set(member, score);
    this.#order.splice(this.#place({ member, score }), 0, { member, score });
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    this.#scores.delete(member);
    this.#order.splice(this.#place({ member, score }), 1);
    return true;
  }

  rank(member: string): number | undefined {
    const score = this.#scores.get(member);
    return score === undefined ? undefined : this.#place({ member, score });
  }

  copy(): SortedSet {
    const copy = new SortedSet();
    copy.#order = [...this.#order];
    for (const [member, score] of this.#scores) copy.#scores.set(member, score);
    return copy;
  }

  /** Where it is, or would be. */
  #place({ member, score }: Scored): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#order[middle];
      if (at === undefined) break;
      if (at.score < score || (at.score === score && at.member < member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
