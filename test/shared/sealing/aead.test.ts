import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openBytes, SEAL_OVERHEAD_BYTES, sealBytes } from '../../../shared/sealing/aead.ts';

const key = randomBytes(32);
const context = { owner: 'ver_one', label: 'photo' };
const bytes = randomBytes(100);

test('sealed bytes open under the same key, owner and label', () => {
  expect(openBytes(key, context, sealBytes(key, context, bytes))).toEqual({ status: 'opened', bytes });
});

test.each([
  ['another owner', key, { ...context, owner: 'ver_two' }],
  ['another label', key, { ...context, label: 'fields' }],
  ['another key', randomBytes(32), context],
])('sealed bytes do not open for %s', (_what, otherKey, otherContext) => {
  const opening = openBytes(otherKey, otherContext, sealBytes(key, context, bytes));
  expect(opening).toEqual({ status: 'unreadable', reason: 'tampered' });
});

test('no two sealed byte strings have the same nonce, however many are made', () => {
  const nonces = Array.from({ length: 2_000 }, () =>
    sealBytes(key, context, bytes).subarray(1, 13).toString('hex'),
  );
  expect(new Set(nonces).size).toBe(nonces.length);
});

test('sealing adds the overhead it states', () => {
  expect(sealBytes(key, context, bytes)).toHaveLength(bytes.length + SEAL_OVERHEAD_BYTES);
});
