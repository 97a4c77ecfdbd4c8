import { ApiError, NotFoundError, type Veriqueue, VeriqueueError } from '../../client/veriqueue.ts';
import { isFinal } from '../../shared/contract/verification-status.ts';
import { pause } from '../../shared/pause.ts';
import type { Ledger, Unanswered } from './ledger.ts';
import { resultOf } from './results.ts';

export interface VerdictWaitDeps {
  readonly api: Pick<Veriqueue, 'get'>;
  readonly ledger: Ledger;
  readonly stopped: AbortSignal;
  /** ms epoch */
  readonly now: () => number;
}

const BETWEEN_LOOKS_MS = 2_000;
const AT_ONCE = 10;
/** One that is not answered is asked for again after a tenth of the time that it has waited, at least and at most so much. */
const WAITED_SHARE = 10;
const LONGEST_PAUSE_MS = 60_000;
const GIVE_UP_AFTER_MS = 5 * 60_000;

/**
 * Fetches verdicts until everything is answered and nothing more is coming, or until it is stopped.
 *
 * @param isComplete whether all that is to be waited for is in the ledger
 * @throws {VeriqueueError} when the server cannot be asked for five minutes
 */
export async function awaitVerdicts(deps: VerdictWaitDeps, isComplete: () => boolean): Promise<void> {
  const { ledger, stopped, now } = deps;
  const { unanswered } = ledger.tally;
  let failingSince: number | undefined;
  while (!stopped.aborted && !(isComplete() && unanswered.size === 0)) {
    try {
      await look(deps);
      failingSince = undefined;
    } catch (error) {
      if (stopped.aborted) return;
      failingSince ??= now();
      const isPassing = error instanceof VeriqueueError && !(error instanceof ApiError && error.status < 429);
      if (!isPassing || now() - failingSince > GIVE_UP_AFTER_MS) throw error;
    }
    if (unanswered.size > 0 || !isComplete()) await pause(BETWEEN_LOOKS_MS, stopped);
  }
}

/**
 * Asks in the order of submission, which is nearly that of the answers, until ten in a row have none. Those ten step aside for
 * a while, and with them what is held up: another attempt later, a limit until tomorrow.
 */
async function look(deps: VerdictWaitDeps): Promise<void> {
  let asked: Promise<boolean>[] = [];
  for (const [id, open] of deps.ledger.tally.unanswered) {
    if (open.askAt > deps.now()) continue;
    asked.push(ask(deps, id, open));
    if (asked.length < AT_ONCE) continue;
    if (!(await awaitAll(asked)).includes(true)) return;
    asked = [];
  }
  await awaitAll(asked);
}

/** Waits for all of them, also when one fails: asked again while its answer is under way, a row would get two results. */
async function awaitAll(asked: readonly Promise<boolean>[]): Promise<readonly boolean[]> {
  await Promise.allSettled(asked);
  return Promise.all(asked);
}

/** @returns whether it is answered */
async function ask(
  { api, ledger, stopped, now }: VerdictWaitDeps,
  id: string,
  open: Unanswered,
): Promise<boolean> {
  try {
    const verification = await api.get(id, { signal: stopped });
    if (isFinal(verification)) {
      await ledger.noteAnswer(open.line, resultOf(verification));
      return true;
    }
    const share = Math.max(BETWEEN_LOOKS_MS, (now() - open.submittedAt) / WAITED_SHARE);
    const nextAttemptAt = Date.parse(verification.nextAttemptAt ?? '') || 0;
    open.askAt = Math.max(now() + Math.min(share, LONGEST_PAUSE_MS), nextAttemptAt);
    return false;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    // Erased, or kept no longer.
    await ledger.noteAnswer(open.line, resultOf({ reference: null, id, status: 'gone', outcome: null }));
    return true;
  }
}
