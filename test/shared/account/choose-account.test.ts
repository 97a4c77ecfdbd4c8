import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccountView, chooseAccount } from '../../../shared/account/choose-account.ts';

const NOW = 1_000_000;
const view = (part: Partial<AccountView> = {}): AccountView => ({
  perSecond: 20,
  weight: 20,
  waiting: 0,
  inFlight: 0,
  mostInFlight: 64,
  latelyGiven: 0,
  opensAt: null,
  isProbed: false,
  ...part,
});
const choose = (views: readonly AccountView[], mayProbe = true, random = 0) =>
  chooseAccount(views, { now: NOW, mayProbe, random });

describe('the account that is asked', () => {
  test('is the one whose waiters are served first, by its rate and not by their number', () => {
    expect(choose([view({ waiting: 6 }), view({ perSecond: 100, waiting: 10 })])).toBe(1);
    expect(choose([view({ waiting: 2 }), view({ perSecond: 100, waiting: 15 })])).toBe(0);
  });

  test('is, of those that are open at the same time, the one that has had the least for its weight', () => {
    expect(choose([view({ latelyGiven: 9, weight: 10 }), view({ latelyGiven: 1, weight: 1 })])).toBe(0);
    expect(choose([view({ latelyGiven: 11, weight: 10 }), view({ latelyGiven: 1, weight: 1 })])).toBe(1);
  });

  test('has no weight only where no other opens as soon', () => {
    const standby = view({ weight: 0 });
    expect(choose([standby, view({ latelyGiven: 1_000 })])).toBe(1);
    expect(choose([standby, view({ waiting: 4 })])).toBe(0);
    expect(choose([standby, view({ opensAt: Number.POSITIVE_INFINITY })])).toBe(0);
  });

  test('is a closed one whose probe is due, once, and not for a verification that has failed before', () => {
    const due = view({ opensAt: NOW - 1 });
    expect(choose([view(), due])).toBe(1);
    expect(choose([view(), due], false)).toBe(0);
    expect(choose([view(), view({ opensAt: NOW - 1, isProbed: true })])).toBe(0);
    expect(choose([view(), view({ opensAt: NOW + 1 })])).toBe(0);
    expect(choose([due], false)).toBe(0);
  });

  test('is none while all are closed, or have as much in flight as they may', () => {
    expect(choose([view({ opensAt: NOW + 1 }), view({ inFlight: 8, mostInFlight: 8 })])).toBeNull();
    expect(choose([])).toBeNull();
  });

  test('follows the weights below the quota, and the quotas above it', () => {
    const given = [0, 0, 0];
    const weights = [6, 3, 1];
    for (let call = 0; call < 1_000; call += 1) {
      const views = weights.map((weight, i) => view({ weight, latelyGiven: given[i] ?? 0 }));
      const chosen = choose(views) ?? 0;
      given[chosen] = (given[chosen] ?? 0) + 1;
    }
    expect(given.map((count) => Math.round(count / 100))).toEqual([6, 3, 1]);
  });

  test('is never idle while another waits for longer than a slot takes', () => {
    const some = fc.record({
      perSecond: fc.integer({ min: 1, max: 200 }),
      weight: fc.integer({ min: 0, max: 100 }),
      waiting: fc.integer({ min: 0, max: 50 }),
      latelyGiven: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(some, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (parts, random) => {
          const views = parts.map((part) => view(part));
          const chosen = views[choose(views, true, random) ?? -1];
          const waits = views.map(({ waiting, perSecond }) => waiting / perSecond);
          expect((chosen?.waiting ?? 0) / (chosen?.perSecond ?? 1)).toBeLessThanOrEqual(
            Math.min(...waits) + 0.0251,
          );
        },
      ),
    );
  });
});
