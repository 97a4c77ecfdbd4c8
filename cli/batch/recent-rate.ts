/** How many a second, over the last ten seconds: what a bar shows must follow the server's pace. */
export interface RecentRate {
  /** One more. */
  count(): void;
  /** Per second. */
  read(): number;
}

const WINDOW_SECONDS = 10;

/** @param now ms epoch */
export function createRecentRate(now: () => number): RecentRate {
  const seconds = new Array<{ second: number; count: number }>(WINDOW_SECONDS);
  const startedAt = now();
  const second = () => Math.floor(now() / 1000);
  return {
    count: () => {
      const at = second();
      const slot = seconds[at % WINDOW_SECONDS];
      if (slot?.second === at) slot.count += 1;
      else seconds[at % WINDOW_SECONDS] = { second: at, count: 1 };
    },
    read: () => {
      const from = second() - WINDOW_SECONDS;
      const counted = seconds.reduce((sum, slot) => (slot && slot.second > from ? sum + slot.count : sum), 0);
      const elapsed = Math.min(WINDOW_SECONDS, Math.max(1, (now() - startedAt) / 1000));
      return counted / elapsed;
    },
  };
}
