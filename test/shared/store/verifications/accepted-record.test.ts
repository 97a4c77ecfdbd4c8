import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Acceptance,
  acceptedHash,
  acceptedRecord,
} from '../../../../shared/store/verifications/accept.ts';
import type { PromiseOffer } from '../../../../shared/store/verifications/promise.ts';
import { parseRecord } from '../../../../shared/store/verifications/verification-record.ts';
import { makeAcceptance } from '../../../support/records.ts';

const text = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
const ms = fc.integer({ min: 0, max: 10 ** 9 });
const offer: fc.Arbitrary<PromiseOffer> = fc.record({
  baseMs: ms,
  perTurnMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  unit: fc.constant(1),
  byCalls: fc.constant(null),
  since: fc
    .tuple(ms, ms, ms, ms, fc.nat())
    .map(([paused, held, slow, rate, repeats]) => ({ lost: { paused, held, slow, rate }, repeats })),
  accounts: fc.option(fc.array(fc.string()), { nil: undefined }),
});
const acceptance: fc.Arbitrary<Acceptance> = fc
  .record({
    priority: fc.constantFrom('interactive' as const, 'bulk' as const),
    reference: text,
    extra: text,
    callbackUrl: text,
    answerBy: text,
    submittedAt: fc.integer({ min: 1, max: 4 * 10 ** 12 }),
    livemode: fc.option(fc.boolean(), { nil: undefined }),
    promise: fc.option(offer, { nil: undefined }),
  })
  .map(({ livemode, promise, ...options }) =>
    makeAcceptance('ver_1', {
      ...options,
      ...(livemode === undefined ? {} : { livemode }),
      ...(promise === undefined ? {} : { promise }),
    }),
  );

test('the record of an acceptance is what reading it back gives', () => {
  const promisedBy = fc.constantFrom(undefined, 0, 1_792_000_000_000);
  fc.assert(
    fc.property(acceptance, promisedBy, (accepted, reply) => {
      const parsed = parseRecord(acceptedHash(accepted, reply));
      expect({ status: 'found', record: acceptedRecord(accepted, reply) }).toStrictEqual(parsed);
    }),
  );
});
