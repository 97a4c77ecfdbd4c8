import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, NotFoundError, type Veriqueue, VeriqueueError } from '../../client/veriqueue.ts';
import type { Outcome } from '../../shared/contract/verification.ts';
import { isFinal } from '../../shared/contract/verification-status.ts';
import type { Journal } from './journal.ts';
import type { RowResult } from './journal-entry.ts';
import { type Results, resultOf, resultWithout } from './results.ts';

export interface VerdictWaitDeps {
  readonly api: Pick<Veriqueue, 'get'>;
  readonly journal: Journal;
  readonly stopped: AbortSignal;
  readonly now: () => number;
  readonly onVerdict: (verdict: Outcome['verdict'] | 'none') => void;
}

/** A verification that has no answer yet: 130 bytes or so, with its place in the map. */
interface Open {
  readonly line: number;
  /** ms epoch */
  readonly submittedAt: number;
  /** Not asked for before; ms epoch */
  askAt: number;
}

const BETWEEN_LOOKS_MS = 2_000;
const AT_ONCE = 10;
/** One that is not answered is asked for again after a tenth of the time that it has waited, at least and at most so much. */
const WAITED_SHARE = 10;
const LONGEST_PAUSE_MS = 60_000;
const GIVE_UP_AFTER_MS = 5 * 60_000;

/**
 * Learns of verdicts by asking in the order of submission, which is nearly that of the answers, until ten in a row have none.
 * Those ten step aside for a while, and with them what is held up: another attempt later, a limit until tomorrow.
 */
export class VerdictWait {
  readonly #deps: VerdictWaitDeps;
  readonly #open = new Map<string, Open>();
  #failingSince: number | undefined;

  constructor(deps: VerdictWaitDeps) {
    this.#deps = deps;
  }

  /** In the order of submission, or nearly. */
  add(id: string, line: number, submittedAt: number): void {
    this.#open.set(id, { line, submittedAt, askAt: 0 });
  }

  /** Notes an answer, once. */
  async finish(
    results: Results,
    line: number,
    result: RowResult,
    verdict: Outcome['verdict'] | null,
  ): Promise<void> {
    const { journal, onVerdict } = this.#deps;
    this.#open.delete(result.id);
    await journal.note(['final', line, result]);
    await results.add(line, result);
    onVerdict(verdict ?? 'none');
  }

  /**
   * Resolves when everything is answered and nothing more is coming, or when stopped.
   *
   * @param isComplete whether all that is to be waited for has been added
   * @throws {VeriqueueError} when the server cannot be asked for five minutes
   */
  async run(results: Results, isComplete: () => boolean): Promise<void> {
    const { stopped } = this.#deps;
    while (!stopped.aborted && !(isComplete() && this.#open.size === 0)) {
      await this.#tryLook(results);
      if (this.#open.size > 0 || !isComplete()) await this.#pause();
    }
  }

  async #tryLook(results: Results): Promise<void> {
    const { stopped, now } = this.#deps;
    try {
      await this.#look(results);
      this.#failingSince = undefined;
    } catch (error) {
      if (stopped.aborted) return;
      this.#failingSince ??= now();
      const isPassing = error instanceof VeriqueueError && !(error instanceof ApiError && error.status < 429);
      if (!isPassing || now() - this.#failingSince > GIVE_UP_AFTER_MS) throw error;
    }
  }

  async #look(results: Results): Promise<void> {
    const { now } = this.#deps;
    let asked: Promise<boolean>[] = [];
    for (const [id, open] of this.#open) {
      if (open.askAt > now()) continue;
      asked.push(this.#ask(results, id, open));
      if (asked.length < AT_ONCE) continue;
      const answered = await Promise.all(asked);
      if (!answered.includes(true)) return;
      asked = [];
    }
    await Promise.all(asked);
  }

  /** @returns whether it is answered */
  async #ask(results: Results, id: string, open: Open): Promise<boolean> {
    const { api, stopped, now } = this.#deps;
    try {
      const verification = await api.get(id, { signal: stopped });
      if (isFinal(verification)) {
        await this.finish(results, open.line, resultOf(verification), verification.outcome?.verdict ?? null);
        return true;
      }
      const share = Math.max(BETWEEN_LOOKS_MS, (now() - open.submittedAt) / WAITED_SHARE);
      const nextAttemptAt = Date.parse(verification.nextAttemptAt ?? '') || 0;
      open.askAt = Math.max(now() + Math.min(share, LONGEST_PAUSE_MS), nextAttemptAt);
      return false;
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      // Erased, or kept no longer.
      await this.finish(results, open.line, resultWithout({ id, reference: null, status: 'gone' }), null);
      return true;
    }
  }

  async #pause(): Promise<void> {
    const { stopped } = this.#deps;
    await delay(BETWEEN_LOOKS_MS, undefined, { signal: stopped }).catch((error: unknown) => {
      if (!stopped.aborted) throw error;
    });
  }
}
