import { type Backoff, computeBackoffMs, HALF_JITTER, spread } from '../../shared/contract/backoff.ts';

/** What the server says of this client's rate, beside an acceptance (draft-ietf-httpapi-ratelimit-headers-10). */
export interface RateReading {
  /** Submissions it would let through right now. */
  readonly remaining: number;
  /** The most there ever are. */
  readonly quota: number;
  /** Seconds in which the quota comes back. */
  readonly window: number;
}

export interface PaceDeps {
  /** ms epoch */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

const BACKOFF: Backoff = { baseMs: 250, capMs: 10_000 };
/** With nothing left, submissions are slower by this than the quota by its window: what is left then rises again. */
const WIDEST_GAP = 1.25;

/** When the next submission may leave: what the server asks of one row holds for all. */
export class Pace {
  readonly #deps: PaceDeps;
  /** ms epoch */
  #notBefore = 0;
  #gapMs = 0;
  #failures = 0;
  #failingSince = 0;

  constructor(deps: PaceDeps) {
    this.#deps = deps;
  }

  /** ms until the next submission may leave. */
  get waitMs(): number {
    return Math.max(0, this.#notBefore - this.#deps.now());
  }

  /** A submission leaves now. */
  left(): void {
    this.#wait(this.#gapMs);
  }

  /** ms for which nothing but failures has come; 0 when the latest answer was none. */
  get failingMs(): number {
    return this.#failures === 0 ? 0 : this.#deps.now() - this.#failingSince;
  }

  /**
   * No gap while the whole quota is left, the widest when nothing is. In between lies the rate that the server gives out,
   * whatever it is: what is left falls while submissions are faster, and rises while they are slower.
   */
  meter({ remaining, quota, window }: RateReading): void {
    this.#gapMs = ((window * 1000) / quota) * WIDEST_GAP * (1 - Math.min(1, remaining / quota));
  }

  /** The server answered for itself; `retryAfterMs` when it asks to wait. */
  answered(retryAfterMs = 0): void {
    this.#failures = 0;
    this.#wait(retryAfterMs);
  }

  /** No answer, or one that says that something is wrong. What fails together counts once. */
  failed(retryAfterMs: number): void {
    const { now, random } = this.#deps;
    if (this.#failures > 0 && this.waitMs > 0) return;
    if (this.#failures === 0) this.#failingSince = now();
    const backoffMs = spread(computeBackoffMs(BACKOFF, this.#failures), HALF_JITTER, random());
    this.#failures += 1;
    this.#wait(Math.max(retryAfterMs, backoffMs));
  }

  #wait(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#deps.now() + ms);
  }
}
