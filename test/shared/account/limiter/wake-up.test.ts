import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { wakeAt } from '../../../../shared/account/limiter/wake-up.ts';

describe('wakeAt', () => {
  it('never resolves before the instant, however timers round', async () => {
    const early = await Promise.all(
      Array.from({ length: 200 }, async (_, nth) => {
        const dueMs = performance.now() + nth * 0.37;
        await wakeAt(dueMs);
        return dueMs - performance.now();
      }),
    );
    expect(Math.max(...early)).toBeLessThanOrEqual(0);
  });

  it('ends early when the signal aborts', async () => {
    const abort = new AbortController();
    const wake = wakeAt(performance.now() + 3_600_000, abort.signal);
    abort.abort();
    await expect(wake).resolves.toBeUndefined();
    await expect(wakeAt(performance.now() + 3_600_000, abort.signal)).resolves.toBeUndefined();
  });
});
