import type { Verification } from '../shared/contract/verification.ts';
import { isFinal } from '../shared/contract/verification-status.ts';
import { startDeadline } from './deadline.ts';
import { delay } from './delay.ts';
import { TimeoutError } from './veriqueue-error.ts';

export interface Poll {
  readonly verification: Verification;
  /** When the server thinks it is worth asking again; null when it does not say. */
  readonly retryAfterMs: number | null;
}

export interface WaitOptions {
  /** @default for as long as it takes */
  readonly timeoutMs?: number | undefined;
  /** Ends the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_POLL_MS = 2_000;

/** Those who wait for the same moment shall not all come at it. */
const SPREAD_MS = 250;

/** The last poll is made when the time is over, and may take this much longer. */
const LAST_POLL_MS = 1_000;

/**
 * Polls until a verification is final.
 *
 * @throws {TimeoutError}
 */
export async function waitUntilFinal(
  poll: (signal: AbortSignal) => Promise<Poll>,
  { timeoutMs = Number.POSITIVE_INFINITY, signal }: WaitOptions,
): Promise<Verification> {
  signal?.throwIfAborted();
  const endsAt = performance.now() + timeoutMs;
  const deadline = startDeadline(timeoutMs + LAST_POLL_MS, signal);
  let attempts = 0;
  let lastSeen = 'no answer came';
  try {
    for (let isLast = false; ; ) {
      attempts += 1;
      const { verification, retryAfterMs } = await poll(deadline.signal);
      if (isFinal(verification)) return verification;
      lastSeen = `it is ${verification.status}`;
      if (isLast) break;
      const pauseMs = (retryAfterMs ?? DEFAULT_POLL_MS) + Math.random() * SPREAD_MS;
      const leftMs = Math.max(0, endsAt - performance.now());
      isLast = pauseMs >= leftMs;
      await delay(Math.min(pauseMs, leftMs), deadline.signal);
    }
  } catch (error) {
    if (!deadline.isOver()) throw error;
  } finally {
    deadline.clear();
  }
  throw new TimeoutError(`The verification has no outcome after ${timeoutMs} ms: ${lastSeen}`, { attempts });
}
