/** What one person's calls were: when each arrived (ms epoch) and what it was answered, oldest first. */
export interface PersonCalls {
  readonly idCard: string;
  readonly calls: number;
  readonly recent: readonly RecentCall[];
}

export interface RecentCall {
  readonly at: number;
  readonly code: string;
}

/** Bounds on memory: a load test asks about more people than anyone wants to read about afterwards. */
const MAX_PEOPLE = 20_000;
const MAX_RECENT = 100;

/** Remembers calls by ID number, so that a test can count what was asked about one person. Oldest people go first. */
export class CallLog {
  readonly #people = new Map<string, { calls: number; recent: RecentCall[] }>();

  record(idCard: string, call: RecentCall): void {
    const entry = this.#people.get(idCard) ?? { calls: 0, recent: [] };
    entry.calls += 1;
    entry.recent.push(call);
    if (entry.recent.length > MAX_RECENT) entry.recent.shift();
    this.#people.set(idCard, entry);
    if (this.#people.size > MAX_PEOPLE) this.#dropOldest();
  }

  of(idCard: string): PersonCalls {
    const entry = this.#people.get(idCard);
    return { idCard, calls: entry?.calls ?? 0, recent: entry?.recent ?? [] };
  }

  all(): readonly PersonCalls[] {
    return [...this.#people].map(([idCard, entry]) => ({ idCard, ...entry }));
  }

  #dropOldest(): void {
    for (const idCard of this.#people.keys()) {
      this.#people.delete(idCard);
      return;
    }
  }
}
