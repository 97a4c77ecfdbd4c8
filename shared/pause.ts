import { setTimeout as delay } from 'node:timers/promises';

/** Waits so many ms, or until it is stopped. */
export async function pause(ms: number, stopped: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stopped }).catch((error: unknown) => {
    if (!stopped.aborted) throw error;
  });
}
