/** Counts events in the half-open interval (t − width, t]: two events exactly `widthMs` apart are never counted together. */
export class RollingWindow {
  readonly #widthMs: number;
  #times: number[] = [];
  #head = 0;

  constructor(widthMs: number) {
    this.#widthMs = widthMs;
  }

  /** Adds an event, which must not be earlier than the last, and says how many the window that ends with it holds. */
  add(at: number): number {
    this.#times.push(at);
    return this.countAt(at);
  }

  countAt(at: number): number {
    while (this.#head < this.#times.length && (this.#times[this.#head] ?? at) <= at - this.#widthMs) {
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
    return this.#times.length - this.#head;
  }
}
