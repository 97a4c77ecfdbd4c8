/** What happened, in order. Two runs of one seed are the same when their digests are. */
export class Trace {
  readonly #lines: string[] | null;
  #low = 0x811c9dc5;
  #high = 0x01000193;

  /** @param keep whether the lines are kept, and not only digested */
  constructor(keep: boolean) {
    this.#lines = keep ? [] : null;
  }

  note(atMs: number, who: string, what: string): void {
    const line = `${atMs.toFixed(3)} ${who} ${what}`;
    for (let at = 0; at < line.length; at += 1) {
      const code = line.charCodeAt(at);
      this.#low = Math.imul(this.#low ^ code, 0x01000193) >>> 0;
      this.#high = (Math.imul(this.#high, 31) + code) >>> 0;
    }
    this.#lines?.push(line);
  }

  get digest(): string {
    return this.#low.toString(16).padStart(8, '0') + this.#high.toString(16).padStart(8, '0');
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }
}
