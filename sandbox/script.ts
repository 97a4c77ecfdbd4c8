import type { PlannedResult } from './planned-result.ts';

/** The ID number that stands for the whole account. */
const WHOLE_ACCOUNT = '*';

/**
 * What the next calls are answered, by order of the tester.
 *
 * A person's script is used up, one result per call, and the person is then again who the table says. The whole account's
 * script holds: its last result stays until an empty script clears it, and it goes before everything that concerns a person.
 */
export class Script {
  readonly #people = new Map<string, PlannedResult[]>();
  #account: PlannedResult[] = [];

  set(idCard: string, results: readonly PlannedResult[]): void {
    if (idCard === WHOLE_ACCOUNT) this.#account = [...results];
    else if (results.length === 0) this.#people.delete(idCard);
    else this.#people.set(idCard, [...results]);
  }

  /** What every call is answered at the moment, if the account is held. */
  nextForAccount(): PlannedResult | undefined {
    return this.#account.length > 1 ? this.#account.shift() : this.#account[0];
  }

  nextFor(idCard: string): PlannedResult | undefined {
    const results = this.#people.get(idCard);
    const next = results?.shift();
    if (results?.length === 0) this.#people.delete(idCard);
    return next;
  }

  clear(): void {
    this.#people.clear();
    this.#account = [];
  }
}
