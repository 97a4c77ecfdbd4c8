import type { LimiterState } from '../../shared/account/limiter/limiter-state.ts';

/** What is known of an account's limiter, at most so old while it is looked at. */
const FRESH_MS = 250;

export interface KnownState {
  /** ms epoch from which a probe may go out; null: the account is open; infinite while it is paused. */
  readonly opensAt: number | null;
  readonly perSecond: number;
}

/** Looks at an account's limiter now and then, so that choosing costs no round trip of its own. */
export class KnownStates {
  readonly #readState: () => Promise<LimiterState>;
  readonly #quotaPerSecond: number;
  #known: KnownState | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<KnownState> | undefined;

  constructor(readState: () => Promise<LimiterState>, quotaPerSecond: number) {
    this.#readState = readState;
    this.#quotaPerSecond = quotaPerSecond;
  }

  /** The last state that is known; a look that is due happens behind it. @throws what Redis throws at the first look */
  async get(now: number): Promise<KnownState> {
    if (now - this.#readAt >= FRESH_MS) {
      const reading = this.#look(now);
      // The next one looks again.
      if (this.#known !== undefined) reading.catch(() => undefined);
    }
    return this.#known ?? (await this.#look(now));
  }

  /** The limiter has answered a call of ours so. @param until ms epoch */
  noteClosed(until: number): void {
    this.#known = { opensAt: until, perSecond: this.#known?.perSecond ?? this.#quotaPerSecond };
  }

  /** What a probe found out is known to the limiter now. */
  forget(): void {
    this.#known = undefined;
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  #look(now: number): Promise<KnownState> {
    this.#reading ??= this.#read(now).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(now: number): Promise<KnownState> {
    this.#readAt = now;
    const state = await this.#readState();
    this.#known = {
      opensAt: state.status === 'running' ? null : (state.resumesAt ?? Number.POSITIVE_INFINITY),
      perSecond: Math.max(0.1, state.effectiveRate || this.#quotaPerSecond),
    };
    return this.#known;
  }
}
