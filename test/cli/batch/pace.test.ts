import { describe, expect, it } from 'vitest';
import {
  computeDeparture,
  createPace,
  type Pace,
  type PaceEvent,
  reduceDeparture,
  reducePace,
} from '../../../cli/batch/pace.ts';

const refusedBy = (kind: 'too_fast' | 'full' | 'trouble', retryAfterMs = 0): PaceEvent => ({
  kind,
  retryAfterMs,
});
const taken: PaceEvent = { kind: 'taken' };
const reduceAt = (pace: Pace, event: PaceEvent, now: number) => reducePace(pace, event, now, 0.5);

describe('a pace', () => {
  it('has no limit of its own, and opens its window with every answer', () => {
    let pace = createPace(32);
    expect(computeDeparture(pace)).toBe(0);
    const first = pace.window;
    for (let i = 0; i < 1_000; i += 1) pace = reduceAt(reduceDeparture(pace, i), taken, i);
    expect([first, pace.window, pace.perSecond]).toEqual([4, 32, null]);
  });

  it('lets nothing leave before a Retry-After is over, whatever kind of refusal it came with', () => {
    for (const kind of ['too_fast', 'full', 'trouble'] as const) {
      expect(computeDeparture(reduceAt(createPace(32), refusedBy(kind, 7_000), 1_000))).toBe(8_000);
    }
  });

  it('takes refusals that come together for one', () => {
    const pace = { ...createPace(32), perSecond: 100 };
    const refused = [1_000, 1_001, 1_002].map((now) => ({ now, event: refusedBy('too_fast', 1_000) }));
    const slowed = refused.reduce<Pace>((p, { now, event }) => reduceAt(p, event, now), pace);
    expect(slowed.perSecond).toBe(80);
    const troubled = [5, 6, 7].reduce((p, now) => reduceAt(p, refusedBy('trouble'), now), createPace(32));
    expect(troubled.troubles).toBe(1);
  });

  it('comes back more and more rarely to a server that does not answer, and at once when it does', () => {
    let pace = createPace(32);
    const waits: number[] = [];
    for (let i = 0, now = 0; i < 8; i += 1) {
      pace = reduceAt(pace, refusedBy('trouble'), now);
      waits.push(computeDeparture(pace) - now);
      now = computeDeparture(pace);
    }
    expect(waits).toEqual([187.5, 375, 750, 1_500, 3_000, 6_000, 7_500, 7_500]);
    expect([pace.window, pace.troubledSince]).toEqual([1, 0]);
    expect(reduceAt(pace, taken, 60_000).troubles).toBe(0);
  });
});

/** A server that lets `perSecond` through and `burst` at once, as producer/rate-limit.ts does. */
function simulate({ perSecond, burst, latencyMs, seconds }: Record<string, number>) {
  const [rate, room, latency, end] = [perSecond ?? 1, burst ?? 1, latencyMs ?? 1, (seconds ?? 1) * 1000];
  let workedOffAt = 0;
  let pace = createPace(32);
  let accepted = 0;
  let refused = 0;
  const answers: { at: number; events: PaceEvent[] }[] = [];
  const submit = (now: number): PaceEvent[] => {
    const next = Math.max(workedOffAt, now) + 1000 / rate;
    const overMs = next - now - (room * 1000) / rate;
    if (overMs > 0) return [refusedBy('too_fast', Math.max(1, Math.ceil(overMs / 1000)) * 1000)];
    workedOffAt = next;
    const remaining = Math.floor((-overMs * rate) / 1000 + 1e-6);
    return [{ kind: 'metered', remaining, quota: room }, taken];
  };
  for (let now = 0; now < end; now += 1) {
    while (answers[0] && answers[0].at <= now) {
      for (const event of answers.shift()?.events ?? []) {
        pace = reduceAt(pace, event, now);
        if (event.kind === 'taken') accepted += 1;
        if (event.kind === 'too_fast') refused += 1;
      }
    }
    while (answers.length < Math.floor(pace.window) && computeDeparture(pace) <= now) {
      pace = reduceDeparture(pace, now);
      answers.push({ at: now + latency, events: submit(now) });
    }
  }
  return { share: accepted / (rate * (end / 1000)), refused };
}

describe('a pace against a limited server', () => {
  it.each([
    { perSecond: 5, burst: 5, latencyMs: 20, seconds: 120 },
    { perSecond: 20, burst: 100, latencyMs: 20, seconds: 120 },
    { perSecond: 100, burst: 50, latencyMs: 40, seconds: 20 },
    { perSecond: 100, burst: 10, latencyMs: 10, seconds: 120 },
    { perSecond: 200, burst: 100, latencyMs: 50, seconds: 60 },
    { perSecond: 400, burst: 20, latencyMs: 30, seconds: 60 },
  ])('uses nine tenths of what it lets through: $perSecond/s, burst $burst', (limits) => {
    const { share, refused } = simulate(limits);
    expect(share).toBeGreaterThan(0.9);
    // Being refused is how it learns; it is not how it lives.
    expect(refused).toBeLessThan((limits.perSecond * limits.seconds) / 10);
  });
});
