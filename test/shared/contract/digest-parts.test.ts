import { describe, expect, test } from 'vitest';
import { listDigestParts, ROW_DIGEST, SUBMISSION_DIGEST } from '../../../shared/contract/digest-parts.ts';

describe('a digest', () => {
  const places = { second: 2, first: 1, later: 'when_given', also: 'when_given' } as const;

  test('takes fields in the order of their places, and null for one that is absent', () => {
    expect(listDigestParts(places, { first: 'a', second: 'b' })).toEqual(['a', 'b']);
    expect(listDigestParts(places, { second: 'b' })).toEqual([null, 'b']);
  });

  test('takes a field that was added later only when it is given, by its name', () => {
    expect(listDigestParts(places, { first: 'a', later: 'x', also: 'y' })).toEqual([
      'a',
      null,
      'also',
      'y',
      'later',
      'x',
    ]);
  });

  test.each([
    ['of a submission', SUBMISSION_DIGEST],
    ['of a row', ROW_DIGEST],
  ])('%s has no place twice and none left out', (_what, digest) => {
    const taken = Object.values(digest).filter((place) => typeof place === 'number');
    expect(taken.sort()).toEqual(taken.map((_, i) => i + 1));
  });
});
