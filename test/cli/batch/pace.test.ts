import { describe, expect, it } from 'vitest';
import { Pace } from '../../../cli/batch/pace.ts';

const CONCURRENCY = 32;
const ANSWER_MS = 20;

function makePace() {
  const clock = { now: 1_000_000 };
  return { clock, pace: new Pace({ now: () => clock.now, random: () => 0.5 }) };
}

describe('Pace', () => {
  it('stops every submission for as long as the server asks', () => {
    const { clock, pace } = makePace();
    pace.answered(3_000);
    pace.answered(1_000);
    expect(pace.waitMs).toBe(3_000);
    clock.now += 3_000;
    expect(pace.waitMs).toBe(0);
  });

  it('counts what fails together once, and backs off up to ten seconds', () => {
    const { clock, pace } = makePace();
    const waits = Array.from({ length: 8 }, () => {
      for (let i = 0; i < CONCURRENCY; i += 1) pace.failed(0);
      const { waitMs } = pace;
      clock.now += waitMs;
      return waitMs;
    });
    expect(waits).toEqual([187.5, 375, 750, 1_500, 3_000, 6_000, 7_500, 7_500]);
  });

  it('measures for how long nothing but failures has come', () => {
    const { clock, pace } = makePace();
    expect(pace.failingMs).toBe(0);
    pace.failed(2_000);
    clock.now += 5_000;
    pace.failed(0);
    expect([pace.failingMs, pace.waitMs > 0]).toEqual([5_000, true]);
    pace.answered();
    expect(pace.failingMs).toBe(0);
  });

  it.each([
    { perSecond: 100, burst: 50 },
    { perSecond: 20, burst: 100 },
    { perSecond: 3, burst: 10 },
    { perSecond: 500, burst: 500 },
  ])(
    'uses a rate of $perSecond a second with a burst of $burst, and is refused at the beginning at most',
    (rate) => {
      const { accepted, refused, seconds } = simulate(rate);
      const given = rate.perSecond * seconds;
      expect(accepted - rate.burst).toBeGreaterThan(0.9 * given);
      // The first of all leave together, before anything is known of the rate.
      expect(refused).toBeLessThan(CONCURRENCY);
    },
  );
});

/** Submitters in line against a token bucket that reports itself as the producer does. */
function simulate({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }) {
  const { clock, pace } = makePace();
  const seconds = 120;
  const window = Math.max(1, Math.ceil(burst / perSecond));
  const answers: { readonly at: number; readonly remaining: number }[] = [];
  let tokens = burst;
  let [accepted, refused] = [0, 0];
  for (const end = clock.now + seconds * 1_000; clock.now < end; clock.now += 1) {
    tokens = Math.min(burst, tokens + perSecond / 1_000);
    for (let answer = answers[0]; answer !== undefined && answer.at <= clock.now; answer = answers[0]) {
      answers.shift();
      if (answer.remaining < 0) pace.answered(1_000);
      else pace.meter({ remaining: answer.remaining, quota: burst, window });
    }
    while (answers.length < CONCURRENCY && pace.waitMs === 0) {
      pace.left();
      const isAccepted = tokens >= 1;
      if (isAccepted) tokens -= 1;
      if (isAccepted) accepted += 1;
      else refused += 1;
      answers.push({ at: clock.now + ANSWER_MS, remaining: isAccepted ? Math.floor(tokens) : -1 });
    }
  }
  return { accepted, refused, seconds };
}
