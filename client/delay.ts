import { onAbort } from './on-abort.ts';

/** Beyond this a timer fires at once: 24 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Waits. @throws the signal's reason as soon as it is aborted */
export function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const end = () => {
      forget();
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, MAX_TIMER_MS));
    const forget = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
  });
}
