import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClockBounds, observe } from '../../../../shared/account/limiter/redis-clock.ts';

describe("the bounds of Redis' clock", () => {
  it('hold the truth, whatever the round trips are like', () => {
    const trips = fc.array(
      fc.record({
        pauseMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
        thereMs: fc.double({ min: 0, max: 50, noNaN: true }),
        backMs: fc.double({ min: 0, max: 50, noNaN: true }),
      }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(trips, fc.double({ min: -0.0001, max: 0.0001, noNaN: true }), (all, drift) => {
        let monotonicMs = 1000;
        let bounds: ClockBounds | undefined;
        // An epoch near zero: today's leaves a double only a quarter of a microsecond.
        const redisAt = (ms: number) => 1000 + ms * (1 + drift);
        for (const { pauseMs, thereMs, backMs } of all) {
          const sentMs = monotonicMs + pauseMs;
          const receivedMs = sentMs + thereMs + backMs;
          const seen = observe(bounds, { sentMs, receivedMs, redisMs: redisAt(sentMs + thereMs) });
          expect(seen.kind).toBe('steady');
          const offset = redisAt(receivedMs) - receivedMs;
          expect(seen.bounds.lowMs).toBeLessThanOrEqual(offset + 0.000_001 + (thereMs + backMs) * 0.0001);
          expect(seen.bounds.highMs).toBeGreaterThanOrEqual(offset - 0.000_001 - (thereMs + backMs) * 0.0001);
          bounds = seen.bounds;
          monotonicMs = receivedMs;
        }
      }),
    );
  });

  it('narrow to the fastest round trip', () => {
    const slow = observe(undefined, { sentMs: 0, receivedMs: 40, redisMs: 1020 });
    const fast = observe(slow.bounds, { sentMs: 100, receivedMs: 100.2, redisMs: 1100.1 });
    expect(fast.bounds.highMs - fast.bounds.lowMs).toBeCloseTo(0.2, 6);
    const slowAgain = observe(fast.bounds, { sentMs: 200, receivedMs: 230, redisMs: 1215 });
    expect(slowAgain.bounds.highMs - slowAgain.bounds.lowMs).toBeLessThan(0.3);
  });

  it.each([
    { name: 'a step forward', byMs: 150, kind: 'stepped' },
    { name: 'a step back', byMs: -150, kind: 'stepped' },
    { name: 'a slew of a few milliseconds', byMs: 5, kind: 'steady' },
  ])('recognize $name', ({ byMs, kind }) => {
    const before = observe(undefined, { sentMs: 0, receivedMs: 1, redisMs: 1000.5 });
    const after = observe(before.bounds, { sentMs: 1000, receivedMs: 1001, redisMs: 2000.5 + byMs });
    expect(after.kind).toBe(kind);
    expect(after.bounds).toEqual({ lowMs: 999.5 + byMs, highMs: 1000.5 + byMs, atMs: 1001 });
  });
});
