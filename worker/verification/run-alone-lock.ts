/**
 * Lets verifications of this process run side by side, and one suspected of crashing workers run alone.
 *
 * Every verification passes `enter` before it is claimed, so that while one runs alone no other is in flight with
 * this process, and a crash then names its cause.
 */
export class RunAloneLock {
  #inside = 0;
  #waitingAlone: (() => void)[] = [];
  #waitingToEnter: (() => void)[] = [];
  #isTaken = false;

  async enter(): Promise<() => void> {
    while (this.#isTaken || this.#waitingAlone.length > 0) {
      await new Promise<void>((resolve) => this.#waitingToEnter.push(resolve));
    }
    this.#inside += 1;
    return once(() => this.#leave());
  }

  /** For one that is inside already: resolves when it is the only one, and keeps others out until released. */
  async runAlone(): Promise<() => void> {
    this.#inside -= 1;
    while (this.#isTaken || this.#inside > 0) {
      await new Promise<void>((resolve) => {
        this.#waitingAlone.push(resolve);
        this.#admit();
      });
    }
    this.#inside += 1;
    this.#isTaken = true;
    return once(() => {
      this.#isTaken = false;
      this.#admit();
    });
  }

  #leave(): void {
    this.#inside -= 1;
    this.#admit();
  }

  #admit(): void {
    if (this.#isTaken) return;
    if (this.#waitingAlone.length > 0) {
      if (this.#inside === 0) this.#waitingAlone.shift()?.();
      return;
    }
    const waiting = this.#waitingToEnter;
    this.#waitingToEnter = [];
    for (const wake of waiting) wake();
  }
}

function once(release: () => void): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    release();
  };
}
