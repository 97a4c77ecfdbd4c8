import { expect, test } from 'vitest';
import { addPassedBy, computeSpan, dropPassedBy, MOST_PASSED_BY } from '../../../worker/push/known-span.ts';

test('the known past of an endpoint begins where it is, when it has no types yet, others, or goes back', () => {
  const known = { after: 7, from: 3, types: 'a b' };
  expect(computeSpan(known, ['b', 'a'])).toBeNull();
  expect(computeSpan({ ...known, from: null }, ['a', 'b'])).toEqual({ from: 7, types: 'a b' });
  expect(computeSpan(known, ['a'])).toEqual({ from: 7, types: 'a' });
  expect(computeSpan({ ...known, after: 2 }, ['a', 'b'])).toEqual({ from: 2, types: 'a b' });
});

test('the latest events that were passed by are kept, and the past begins behind one that is dropped', () => {
  const full = Array.from({ length: MOST_PASSED_BY }, (_, i) => 10 + i);
  expect(addPassedBy({ from: 4, passedBy: [] }, 9)).toEqual({ from: 4, passedBy: [9] });
  const { from, passedBy } = addPassedBy({ from: 4, passedBy: full }, 5_000);
  expect([from, passedBy.length, passedBy[0], passedBy.at(-1)]).toEqual([10, MOST_PASSED_BY, 11, 5_000]);
  expect(addPassedBy({ from: 4, passedBy: [5, 6] }, 5)).toEqual({ from: 4, passedBy: [5, 6] });
});

test('one that is delivered after all is passed by no more', () => {
  expect(dropPassedBy({ passedBy: [5, 6] }, 5)).toEqual({ passedBy: [6] });
  expect(dropPassedBy({ passedBy: [5, 6] }, 7)).toEqual({});
});
