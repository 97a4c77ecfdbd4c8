import { expect, test } from 'vitest';
import { en } from '../../../console/texts/en.ts';
import { plural } from '../../../shared/contract/plural.ts';

test('one is said as one, and everything else as many', () => {
  const said = [0, 1, 2, 1_001].map((count) => plural(count, 'entry', 'entries'));
  expect(said).toEqual(['0 entries', '1 entry', '2 entries', '1001 entries']);
  expect(['1', '1.5', '1,001'].map((count) => plural(count, 'event'))).toEqual([
    '1 event',
    '1.5 events',
    '1,001 events',
  ]);
  expect([en.receivers.perSecond('1'), en.list.nothingYet('1', 'noon')]).toEqual([
    '1 event',
    'Compared 1 verification, back to noon. Older ones have not been compared yet.',
  ]);
});
