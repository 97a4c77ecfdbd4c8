import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, NotFoundError, type Veriqueue, VeriqueueError } from '../../client/veriqueue.ts';
import type { Outcome, Verification } from '../../shared/contract/verification.ts';
import { finalStatuses, isFinal } from '../../shared/contract/verification-status.ts';
import type { Journal } from './journal.ts';
import type { RowResult } from './journal-entry.ts';
import { type Results, resultOf } from './results.ts';

export interface VerdictWaitDeps {
  readonly api: Pick<Veriqueue, 'get' | 'list'>;
  readonly journal: Journal;
  readonly results: Results;
  readonly stopped: AbortSignal;
  readonly now: () => number;
  readonly onVerdict: (verdict: Outcome['verdict'] | 'none') => void;
}

/** A verification that has no answer yet: 130 bytes or so, with its place in the map. */
interface Open {
  readonly line: number;
  /** ms epoch */
  readonly submittedAt: number;
  /** Known to wait for an attempt of its own; not looked at before. 0: in line like the others. */
  asideUntil: number;
}

const BETWEEN_LOOKS_MS = 2_000;
/** A look may take a tenth of the time: the longer the list, the rarer. */
const LOOK_SHARE = 10;
/** Single questions per look. */
const MOST_QUESTIONS = 10;
const SHORTEST_ASIDE_MS = 30_000;
/** Answers to submissions may come in another order than the submissions went. */
const ORDER_SLACK_MS = 5_000;
/** One that still waits when so much later ones are answered is held up, though nothing says so. */
const OVERTAKEN_MS = 120_000;
const GIVE_UP_AFTER_MS = 5 * 60_000;

/**
 * Learns of verdicts by listing what is final, newest first, down to the oldest verification that is still open: work is
 * done in order, so that is what became final lately. Those that are held up (another attempt later, a limit until tomorrow)
 * would keep this line far back; they are asked for one by one, seldom, and left out of it.
 */
export class VerdictWait {
  readonly #deps: VerdictWaitDeps;
  readonly #open = new Map<string, Open>();
  #failingSince: number | undefined;
  /** ms epoch: submission of the latest one that is known to be answered. */
  #latestAnswered = 0;

  constructor(deps: VerdictWaitDeps) {
    this.#deps = deps;
  }

  /** In the order of submission, or nearly. */
  add(id: string, line: number, submittedAt: number): void {
    this.#open.set(id, { line, submittedAt, asideUntil: 0 });
  }

  /** Those that were accepted in earlier runs and have no answer. */
  async addKnown(): Promise<void> {
    const { journal } = this.#deps;
    for await (const entry of journal.entries()) {
      if (entry[0] === 'accepted' && journal.book.stateOf(entry[1]) === 'accepted') {
        this.add(entry[2], entry[1], entry[3]);
      }
    }
  }

  /** Notes an answer, once. */
  async settle(
    id: string,
    line: number,
    result: RowResult,
    verdict: Outcome['verdict'] | null,
  ): Promise<void> {
    const { journal, results, onVerdict } = this.#deps;
    this.#open.delete(id);
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
  async run(isComplete: () => boolean): Promise<void> {
    const { stopped, now } = this.#deps;
    while (!stopped.aborted && !(isComplete() && this.#open.size === 0)) {
      const startedAt = now();
      await this.#tryLook();
      const pauseMs = Math.max(BETWEEN_LOOKS_MS, (now() - startedAt) * LOOK_SHARE);
      if (this.#open.size > 0 || !isComplete()) await this.#pause(pauseMs);
    }
  }

  async #tryLook(): Promise<void> {
    const { stopped, now } = this.#deps;
    try {
      await this.#askForOldest();
      await this.#look();
      this.#failingSince = undefined;
    } catch (error) {
      if (stopped.aborted) return;
      this.#failingSince ??= now();
      const isPassing = error instanceof VeriqueueError && !(error instanceof ApiError && error.status < 429);
      if (!isPassing || now() - this.#failingSince > GIVE_UP_AFTER_MS) throw error;
    }
  }

  /** The first in line, and who is held up before it. */
  async #askForOldest(): Promise<void> {
    const { now } = this.#deps;
    let questions = 0;
    for (const [id, open] of this.#open) {
      if (open.asideUntil > now()) continue;
      if (questions === MOST_QUESTIONS) return;
      questions += 1;
      const verification = await this.#ask(id, open);
      if (verification === null) continue;
      const { status, nextAttemptAt } = verification;
      const isOvertaken = open.submittedAt + OVERTAKEN_MS < this.#latestAnswered;
      if (status !== 'retrying' && status !== 'deferred' && !(status === 'queued' && isOvertaken)) return;
      open.asideUntil = Math.max(now() + SHORTEST_ASIDE_MS, Date.parse(nextAttemptAt ?? '') || 0);
    }
  }

  /** @returns null when there is nothing more to ask */
  async #ask(id: string, { line }: Open): Promise<Verification | null> {
    try {
      const verification = await this.#deps.api.get(id, { signal: this.#deps.stopped });
      if (!isFinal(verification)) return verification;
      await this.#settleVerification(line, verification);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      // Erased, or kept no longer.
      const nothing = {
        reference: null,
        verdict: null,
        code: null,
        sim: null,
        action: null,
        completedAt: null,
      };
      await this.settle(id, line, { id, status: 'gone', ...nothing }, null);
    }
    return null;
  }

  async #look(): Promise<void> {
    const { api, stopped } = this.#deps;
    const oldest = this.#oldestInLine();
    if (oldest === undefined) return;
    for (const status of finalStatuses) {
      for await (const verification of api.list({ status, signal: stopped })) {
        if (Date.parse(verification.submittedAt) < oldest - ORDER_SLACK_MS) break;
        const open = this.#open.get(verification.id);
        if (open) await this.#settleVerification(open.line, verification);
      }
    }
  }

  #oldestInLine(): number | undefined {
    const now = this.#deps.now();
    for (const { submittedAt, asideUntil } of this.#open.values()) if (asideUntil <= now) return submittedAt;
    return undefined;
  }

  #settleVerification(line: number, verification: Verification): Promise<void> {
    const verdict = verification.outcome?.verdict ?? null;
    if (verdict !== null) {
      this.#latestAnswered = Math.max(this.#latestAnswered, Date.parse(verification.submittedAt));
    }
    return this.settle(verification.id, line, resultOf(verification), verdict);
  }

  async #pause(ms: number): Promise<void> {
    const { stopped } = this.#deps;
    await delay(ms, undefined, { signal: stopped }).catch((error: unknown) => {
      if (!stopped.aborted) throw error;
    });
  }
}
