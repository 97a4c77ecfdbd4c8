import type { Progress, Terminal } from '../terminal.ts';
import { createRecentRate } from './recent-rate.ts';

/** A bar that appears once it is known how much there is to do. */
export interface WatchedProgress {
  /** Calling it again changes nothing. */
  begin(total: number): void;
  /** One more, for the rate. */
  count(): void;
  show(done: number, note?: string): void;
  end(): void;
}

export function watchProgress(terminal: Terminal, label: string, now: () => number): WatchedProgress {
  const rate = createRecentRate(now);
  let progress: Progress | undefined;
  return {
    begin: (total) => {
      progress ??= terminal.progress(label, total);
    },
    count: rate.count,
    show: (done, note = '') => progress?.update(done, `${note}, ${rate.read().toFixed(1)}/s`),
    end: () => progress?.stop(),
  };
}
