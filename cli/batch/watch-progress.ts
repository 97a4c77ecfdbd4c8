import type { Progress, Terminal } from '../terminal.ts';

/** A bar that appears once it is known how much there is to do. */
export interface WatchedProgress {
  /** Calling it again changes nothing. */
  begin(total: number): void;
  /** One more, for the rate. */
  count(): void;
  show(done: number, note?: string): void;
  end(): void;
}

/** What a bar shows must follow the server's pace. */
const RATE_OVER_MS = 10_000;
const SAMPLE_EVERY_MS = 1_000;

export function watchProgress(terminal: Terminal, label: string, now: () => number): WatchedProgress {
  let counted = 0;
  let samples = [{ at: now(), counted }];
  let progress: Progress | undefined;
  const perSecond = () => {
    const [oldest] = samples;
    return oldest === undefined
      ? 0
      : (counted - oldest.counted) / (Math.max(SAMPLE_EVERY_MS, now() - oldest.at) / 1000);
  };
  return {
    begin: (total) => {
      progress ??= terminal.progress(label, total);
    },
    count: () => {
      counted += 1;
      if (now() - (samples.at(-1)?.at ?? 0) < SAMPLE_EVERY_MS) return;
      samples = [...samples.filter(({ at }) => now() - at < RATE_OVER_MS), { at: now(), counted }];
    },
    show: (done, note = '') => progress?.update(done, `${note}, ${perSecond().toFixed(1)}/s`),
    end: () => progress?.stop(),
  };
}
