import { expect, test } from 'vitest';
import { computePromiseTerms, RECOVERY_MS } from '../../../shared/account/promise-terms.ts';
import {
  computeDelay,
  computeLatestCall,
  reweighLead,
  type Standing,
} from '../../../shared/account/weigh-promise.ts';

/** Ten calls a second: 100 ms each. */
function standing(weight: number, weightOfAll: number, lead: number): Standing {
  const terms = computePromiseTerms({
    priority: 'interactive',
    weight,
    weightOfAll,
    clients: 2,
    perSecond: 10,
  });
  if (terms === null) throw new Error('No terms');
  return { terms, weight, lead };
}

const NOW = 1_000_000;
const latest = (each: Standing, ahead: number) => computeLatestCall(each, ahead, NOW) - NOW;

test('the latest call is a turn of the client for each of its own up to it, and for what its next turn is ahead', () => {
  const base = RECOVERY_MS + 100;
  expect(latest(standing(100, 200, 0), 0)).toBe(base + 200);
  expect(latest(standing(100, 200, 0), 9)).toBe(base + 10 * 200);
  expect(latest(standing(100, 400, 0), 9)).toBe(base + 10 * 400);
  // Its next turn is three turns ahead, each 100 / 50 long.
  expect(latest(standing(50, 200, 6), 0)).toBe(base + 4 * 400);
});

test.each([
  [0, 100, 100, 0],
  [5, 100, 100, 5],
  [1, 100, 400, 0.25],
  [0, 100, 1, 99],
  [0.5, 100, 400, 0],
] as const)(
  'a lead of %d becomes that of the other weight: %d to %d, %d',
  (lead, before, after, expected) => {
    expect(reweighLead(lead, before, after)).toBe(expected);
  },
);

const same = standing(100, 200, 0);
const raised = standing(100, 500, 0);
const lowered = standing(1, 101, 99);
const delayOf = (promisedMs: number, ahead: number, before: Standing, after: Standing) =>
  Math.round(computeDelay(NOW + promisedMs, ahead, { before, after, now: NOW }));

test.each([
  ['nothing changes', same, same, 9, 0, 0],
  ['others have more, and it was promised just now', same, raised, 9, latest(same, 9), 3_000],
  ['others have more, and it is well ahead of its promise', same, raised, 9, latest(same, 9) + 4_000, 0],
  ['others have more, and its turn has come', same, raised, 0, latest(same, 0), 0],
  ['others have less', raised, same, 9, latest(raised, 9), 0],
  ['others have less, and it was late before', raised, same, 9, 0, 0],
  ['it has less itself, and its turn had come', same, lowered, 0, latest(same, 0), 19_899],
] as const)('a promise while %s', (_, before, after, ahead, promised, expected) => {
  expect(delayOf(promised, ahead, before, after)).toBe(expected);
});

test('weights whose sum falls put no promise at risk', () => {
  for (const ahead of [0, 1, 7, 1_000])
    for (const weight of [1, 100, 1_000])
      for (const lead of [0, 3])
        expect(delayOf(-5_000, ahead, standing(weight, 2_000, lead), standing(weight, 1_900, lead))).toBe(0);
});
