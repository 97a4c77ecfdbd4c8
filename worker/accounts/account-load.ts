/** After so long, half of the calls that were given are forgotten: weights are kept over seconds, not over days. */
const HALF_LIFE_MS = 10_000;
const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 10_000;

/**
 * What this process has in flight at one account, and whether its endpoint can be reached from here. The limiter knows the
 * account for all workers; a connection that cannot be made says something about this machine alone, and takes no slot.
 */
export class AccountLoad {
  #waiting = 0;
  #answering = 0;
  #given = 0;
  #givenAt = 0;
  #unreached = 0;
  #restsUntil: number | null = null;

  /** A verification was given to it. @param now ms epoch */
  begin(now: number): void {
    this.#waiting += 1;
    this.#given = this.latelyGiven(now) + 1;
    this.#givenAt = now;
  }

  end(): void {
    this.#waiting -= 1;
  }

  /** The request has left. @returns to be called when it is answered, or given up */
  noteSent(): () => void {
    this.#answering += 1;
    return () => {
      this.#answering -= 1;
    };
  }

  get waiting(): number {
    return Math.max(0, this.#waiting - this.#answering);
  }

  get inFlight(): number {
    return this.#waiting;
  }

  latelyGiven(now: number): number {
    return this.#given * 2 ** (-Math.max(0, now - this.#givenAt) / HALF_LIFE_MS);
  }

  /**
   * No request got out: each failure in a row makes the rest longer.
   *
   * @param now ms epoch
   * @returns whether it is the first
   */
  noteUnreached(now: number): boolean {
    // Those that were under way at the first failure fail with it.
    if (this.#restsUntil !== null && now < this.#restsUntil) return false;
    this.#unreached += 1;
    this.#restsUntil = now + Math.min(FIRST_REST_MS * 2 ** (this.#unreached - 1), LONGEST_REST_MS);
    return this.#unreached === 1;
  }

  /** @returns whether it was out of reach before */
  noteReached(): boolean {
    const wasOut = this.#restsUntil !== null;
    this.#unreached = 0;
    this.#restsUntil = null;
    return wasOut;
  }

  /** ms epoch from which one call may try again; null while it can be reached. */
  get restsUntil(): number | null {
    return this.#restsUntil;
  }
}
