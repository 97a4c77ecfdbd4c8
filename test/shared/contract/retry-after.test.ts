import { describe, expect, test } from 'vitest';
import { parseRetryAfter } from '../../../shared/contract/retry-after.ts';

// RFC 9110, section 5.6.7, writes this instant in all three forms.
const instant = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('parseRetryAfter', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 60_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 60_000],
    ['Sun Nov  6 08:49:37 1994', 60_000],
    ['Sun, 06 Nov 1994 08:48:36 GMT', 0],
  ])('reads %j as %i ms', (header, expected) => {
    expect(parseRetryAfter(header, instant - 60_000)).toBe(expected);
  });

  test.each([
    null,
    '',
    '-1',
    '1.5',
    '1e9',
    '0x10',
    '60s',
    '12345678901',
    'soon',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0100',
    'Sun, 40 Xxx 1994 08:49:37 GMT',
  ])('does not guess at %j', (header) => {
    expect(parseRetryAfter(header, instant)).toBeNull();
  });

  test.each([
    [['60', '120'], 120_000],
    [['soon', '60'], 60_000],
    [['60', 'Sun, 06 Nov 1994 08:49:37 GMT'], 60_000],
    [[], null],
    [['soon', ''], null],
  ])('of several, %j, waits for the longest that can be read', (headers, expected) => {
    expect(parseRetryAfter(headers, instant - 60_000)).toBe(expected);
  });
});
