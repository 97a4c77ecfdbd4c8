import {
  computeDeparture,
  createPace,
  type PaceEvent,
  type RateReading,
  reduceDeparture,
  reducePace,
} from './pace.ts';

export interface PacerDeps {
  readonly maxWindow: number;
  /** ms epoch */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** The gate every submission of a batch passes, first come, first served. */
export class Pacer {
  readonly #deps: PacerDeps;
  readonly #waiting: (() => void)[] = [];
  #pace;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: PacerDeps) {
    this.#deps = deps;
    this.#pace = createPace(deps.maxWindow);
  }

  /**
   * Resolves when one more may leave; tell by `leave` what came of it.
   *
   * @throws the signal's reason
   */
  enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const pass = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(pass), 1);
        if (this.#waiting.length === 0) clearTimeout(this.#timer);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(pass);
      this.#serve();
    });
  }

  /** @param event null when the answer says nothing about the pace */
  leave(event: PaceEvent | null): void {
    const { now, random } = this.#deps;
    this.#underWay -= 1;
    if (event !== null) this.#pace = reducePace(this.#pace, event, now(), random());
    this.#serve();
  }

  /** Told beside an acceptance, before its `leave`. */
  meter(reading: RateReading): void {
    const { now, random } = this.#deps;
    this.#pace = reducePace(this.#pace, { kind: 'metered', ...reading }, now(), random());
  }

  /** ms for which nothing but failures has come; 0 when the latest was no failure. */
  get troubledMs(): number {
    const { troubles, troubledSince } = this.#pace;
    return troubles === 0 ? 0 : this.#deps.now() - troubledSince;
  }

  #serve(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0 && this.#underWay < Math.floor(this.#pace.window)) {
      const now = this.#deps.now();
      const waitMs = computeDeparture(this.#pace) - now;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#serve(), waitMs);
        return;
      }
      this.#underWay += 1;
      this.#pace = reduceDeparture(this.#pace, now);
      this.#waiting.shift()?.();
    }
  }
}
