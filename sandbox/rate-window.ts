/** What the quota says to one arrival; `inSecond` is its rank within its second, counting from 1. */
export interface RateVerdict {
  readonly allowed: boolean;
  readonly inSecond: number;
}

/**
 * The documented enforcement: whole seconds of the server's own clock, the first `quotaPerSecond` arrivals of each pass and
 * the rest are refused. Refused calls count towards the number that the refusal names.
 */
export class RateWindow {
  readonly #quotaPerSecond: number;
  #second = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(quotaPerSecond: number) {
    this.#quotaPerSecond = quotaPerSecond;
  }

  take(arrivedAt: number): RateVerdict {
    const second = Math.floor(arrivedAt / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    return { allowed: this.#count <= this.#quotaPerSecond, inSecond: this.#count };
  }
}
