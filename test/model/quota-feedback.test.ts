import { describe, expect, it } from 'vitest';
import { resolveLimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { computePace, type LimiterRecord, NEW_LIMITER } from './limiter-record.ts';
import {
  computeCutRate,
  computeNarrowerMargin,
  computeRecoveredRate,
  computeWiderMargin,
  learnRefusal,
  relax,
} from './quota-feedback.ts';
import { grantSlot } from './slot-log.ts';

const settings = resolveLimiterSettings();
const SECOND = 1_000_000;

describe('the margin controller', () => {
  const facts = {
    marginUs: 5000,
    recentRefusals: 1,
    callsSinceChange: 0,
    isNarrowed: true,
    isWidened: true,
    sinceWidenedUs: 10 * SECOND,
  };

  it.each([
    { name: 'widens by 2 ms on a refusal', given: {}, expected: 7000 },
    {
      name: 'widens again a second later',
      given: { marginUs: 7000, sinceWidenedUs: SECOND },
      expected: 9000,
    },
    { name: 'takes refusals within a second as one', given: { sinceWidenedUs: SECOND - 1 }, expected: 5000 },
    { name: 'stays below 60 ms', given: { marginUs: 59_000 }, expected: 60_000 },
  ])('$name', ({ given, expected }) => {
    expect(computeWiderMargin({ ...facts, ...given }, settings)).toBe(expected);
  });

  it.each([
    { name: 'narrows by 1 ms after 1,000 calls when 2,000 had no refusal', given: {}, expected: 9000 },
    { name: 'keeps its place before that', given: { callsSinceChange: 999 }, expected: 10_000 },
    {
      name: 'narrows after 100 calls on its first way down',
      given: { callsSinceChange: 100, isWidened: false },
      expected: 9000,
    },
    {
      name: 'keeps its first place for 1,000 calls',
      given: { callsSinceChange: 999, isWidened: false, isNarrowed: false },
      expected: 10_000,
    },
    {
      name: 'narrows below 5 ms on its first way down',
      given: { marginUs: 2000, callsSinceChange: 100, isWidened: false },
      expected: 1000,
    },
    {
      name: 'goes below 5 ms after 20,000 calls once one was refused',
      given: { marginUs: 5000, callsSinceChange: 20_000 },
      expected: 4000,
    },
    {
      name: 'stays there before that',
      given: { marginUs: 5000, callsSinceChange: 19_999 },
      expected: 5000,
    },
    {
      name: 'keeps its place while a refusal is among the last 2,000',
      given: { recentRefusals: 1 },
      expected: 10_000,
    },
    { name: 'stays above 1 ms', given: { marginUs: 1000, callsSinceChange: 20_000 }, expected: 1000 },
  ])('$name', ({ given, expected }) => {
    const quiet = {
      marginUs: 10_000,
      recentRefusals: 0,
      callsSinceChange: 1000,
      isNarrowed: true,
      isWidened: true,
      sinceWidenedUs: 60 * SECOND,
    };
    expect(computeNarrowerMargin({ ...quiet, ...given }, settings)).toBe(expected);
  });
});

/** mulberry32 */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

describe('the margin over 200,000 calls through a network, against fixed seconds', () => {
  it.each([
    {
      network: 'a local network',
      delayMs: (random: () => number) => random() * 0.5,
      refusedAtMost: 0,
      marginAtMost: 1.2,
    },
    {
      network: '4 ms of random delay',
      delayMs: (random: () => number) => random() * 4,
      refusedAtMost: 0.0002,
      marginAtMost: 4,
    },
    {
      network: '20 ms of random delay',
      delayMs: (random: () => number) => random() * 20,
      refusedAtMost: 0.001,
      marginAtMost: 12,
    },
    {
      network: 'a heavy tail',
      delayMs: (random: () => number) => random() * 5 + (random() < 0.01 ? -Math.log(1 - random()) * 60 : 0),
      refusedAtMost: 0.001,
      marginAtMost: 20,
    },
  ])('settles within its budget: $network', ({ delayMs, refusedAtMost, marginAtMost }) => {
    const random = makeRandom(11);
    const calls = 200_000;
    const inSecond = new Map<number, number>();
    let record: LimiterRecord = {
      ...NEW_LIMITER,
      size: 20,
      rateMilli: 20_000,
      marginUs: settings.marginStartUs,
    };
    let nowUs = 1_700_000_000 * SECOND;
    let refused = 0;
    let marginSumUs = 0;
    for (let call = 0; call < calls; call += 1) {
      nowUs += computePace(record, settings).gapUs;
      record = { ...record, seq: record.seq + 1, lastUs: nowUs };
      const second = Math.floor((nowUs / 1000 + delayMs(random) - 123) / 1000);
      const count = (inSecond.get(second) ?? 0) + 1;
      inSecond.set(second, count);
      if (count > settings.quota) {
        refused += 1;
        record = learnRefusal(record, record.seq, settings, nowUs).record;
      }
      record = relax(record, settings, nowUs).record;
      marginSumUs += record.marginUs;
    }
    expect(refused / calls).toBeLessThanOrEqual(refusedAtMost);
    expect(marginSumUs / calls / 1000).toBeLessThanOrEqual(marginAtMost);
    expect(record.rateMilli).toBe(20_000);
  });
});

describe('the controller for other users of the account', () => {
  it.each([
    { name: 'keeps the rate at 2 % refused', given: { granted: 200, refused: 4 }, expected: 20_000 },
    { name: 'takes 30 % off above 2 %', given: { granted: 200, refused: 5 }, expected: 14_000 },
    {
      name: 'does not take one or two refusals for anybody',
      given: { granted: 2, refused: 2 },
      expected: 20_000,
    },
    {
      name: 'never goes below one a second',
      given: { rateMilli: 1200, granted: 10, refused: 9 },
      expected: 1000,
    },
  ])('$name', ({ given, expected }) => {
    expect(computeCutRate({ rateMilli: 20_000, ...given }, settings)).toBe(expected);
  });

  it.each([
    {
      name: 'adds one a second after 30 s',
      given: { rateMilli: 14_000, sinceChangeUs: 30 * SECOND },
      expected: 15_000,
    },
    {
      name: 'waits for those 30 s',
      given: { rateMilli: 14_000, sinceChangeUs: 30 * SECOND - 1 },
      expected: 14_000,
    },
    { name: 'ends at the quota', given: { rateMilli: 19_400, sinceChangeUs: 30 * SECOND }, expected: 20_000 },
  ])('$name', ({ given, expected }) => {
    expect(computeRecoveredRate(given, settings)).toBe(expected);
  });

  it('cuts once per burst of refusals, says so once, and is back at the full quota minutes later', () => {
    const start = 1_700_000_000 * SECOND;
    const running = {
      ...NEW_LIMITER,
      size: 20,
      rateMilli: 20_000,
      marginUs: 5000,
      rateAtUs: start - 100 * SECOND,
    };
    let record: LimiterRecord = running;
    for (let slot = 0; slot < 100; slot += 1) {
      record = grantSlot(record, start + slot * 50_000, settings, start + slot * 50_000);
    }
    const cuts = [1, 2, 3, 4, 5].map((nth) => {
      const step = learnRefusal(record, record.seq, settings, start + 5 * SECOND + nth * 1000);
      record = step.record;
      return step.changes;
    });
    expect(cuts.flat()).toEqual([{ name: 'rate', detail: 'cut to 14000' }]);
    expect(record.rateMilli).toBe(14_000);

    const reported = Array.from({ length: 6 }, (_, step) => {
      const relaxed = relax(record, settings, record.rateAtUs + 30 * SECOND);
      record = relaxed.record;
      expect(record.rateMilli).toBe(15_000 + step * 1000);
      return relaxed.changes;
    });
    expect(reported.flat()).toEqual([{ name: 'rate', detail: 'back to the full quota' }]);
  });
});

describe('a refused call', () => {
  const nowUs = 1_700_000_000 * SECOND;
  const running = { ...NEW_LIMITER, size: 20, seq: 500, rateMilli: 20_000, marginUs: 5000 };

  it('costs the lane one slot when it is alone', () => {
    const { record } = learnRefusal(running, 500, settings, nowUs);
    expect(record.silentUntilUs - nowUs).toBe(50_000);
  });

  it('makes the lane wait out the second when it is not the first in it', () => {
    const first = learnRefusal(running, 499, settings, nowUs - 400_000).record;
    const { record } = learnRefusal(first, 500, settings, nowUs);
    expect(record.silentUntilUs - nowUs).toBe(SECOND);
  });
});
