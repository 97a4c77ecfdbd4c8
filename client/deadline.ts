import { MAX_TIMER_MS } from './delay.ts';
import { onAbort } from './on-abort.ts';

/** A signal that is aborted when the time is over, or with the caller's own. Call `clear` when it is needed no more. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether it was the time, and not the caller. */
  isOver(): boolean;
  clear(): void;
}

/** By hand, because `AbortSignal.any` keeps memory for as long as the caller's signal lives. */
export function startDeadline(ms: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let over = false;
  const end = () => {
    over = true;
    controller.abort();
  };
  const abort = () => controller.abort(outer?.reason);
  const timer = ms > MAX_TIMER_MS ? undefined : setTimeout(end, ms);
  if (outer?.aborted) abort();
  const forget = onAbort(outer, abort);
  return {
    signal: controller.signal,
    isOver: () => over && !outer?.aborted,
    clear: () => {
      clearTimeout(timer);
      forget();
    },
  };
}
