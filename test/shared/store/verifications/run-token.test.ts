import { expect, test } from 'vitest';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';

test('run tokens are 12 characters, of which every bit is random', () => {
  const tokens = Array.from({ length: 2_000 }, makeRunToken);
  expect(new Set(tokens).size).toBe(2_000);
  expect(tokens.filter((token) => !/^[\w-]{12}$/.test(token))).toEqual([]);
  const bits = Array.from({ length: 72 }, () => 0);
  for (const token of tokens) {
    const bytes = Buffer.from(token, 'base64url');
    for (const bit of bits.keys()) bits[bit] = (bits[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  }
  // A thousand are expected of each; 300 away is more than 13 standard deviations, and a fixed bit is 1,000 away.
  expect(bits.filter((count) => Math.abs(count - 1_000) > 300)).toEqual([]);
});
