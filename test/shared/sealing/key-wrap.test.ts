import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { unwrapSecret, type WrapContext, wrapSecret } from '../../../shared/sealing/key-wrap.ts';
import { makeKeyEntry, makeKeyRing } from './synthetic-ring.ts';

const ring = makeKeyRing(makeKeyEntry('new'), makeKeyEntry('old'));
const context: WrapContext = { owner: 'client_1', purpose: 'webhook-secret' };
const secret = randomBytes(32);

describe('a wrapped secret', () => {
  test('unwraps to what was wrapped, and names the key', () => {
    const wrapped = wrapSecret(ring, context, secret);
    expect(unwrapSecret(ring, context, wrapped)).toEqual({ status: 'opened', keyId: 'new', bytes: secret });
  });

  test.each<[what: string, context: WrapContext]>([
    ['another owner', { ...context, owner: 'client_2' }],
    ['another purpose', { ...context, purpose: 'data-key' }],
  ])('does not unwrap for %s', (_what, other) => {
    const wrapped = wrapSecret(ring, context, secret);
    expect(unwrapSecret(ring, other, wrapped)).toEqual({ status: 'unreadable', reason: 'tampered' });
  });

  test('does not unwrap under the id of another key of the ring', () => {
    const wrapped = wrapSecret(ring, context, secret);
    wrapped.write('old', 2, 'latin1');
    expect(unwrapSecret(ring, context, wrapped)).toEqual({ status: 'unreadable', reason: 'tampered' });
  });
});
