import { describe, expect, it } from 'vitest';
import { acceptedHash } from '../../../../shared/store/verifications/accept.ts';
import {
  noPlace,
  type PlaceInLine,
  presentVerification,
} from '../../../../shared/store/verifications/present.ts';
import { parseRecord } from '../../../../shared/store/verifications/verification-record.ts';
import { makeAcceptance, makeOutcome } from '../../../support/records.ts';

const AT = Date.parse('2026-03-02T04:00:00.000Z');

/** A record with these fields, as its client sees it. */
function present(fields: Readonly<Record<string, string>>, place: Partial<PlaceInLine> = {}) {
  const parsed = parseRecord({ ...acceptedHash(makeAcceptance('ver_1', { submittedAt: AT })), ...fields });
  if (parsed.status !== 'found')
    throw new Error(`Cannot present: the record must be readable, received ${parsed.status}`);
  return presentVerification(parsed.record, { ...noPlace, ...place });
}

describe('a verification as its client sees it', () => {
  it('shows instants in RFC 3339, and null for what is not to come', () => {
    expect(present({})).toMatchObject({
      submittedAt: '2026-03-02T04:00:00.000Z',
      estimatedCompletionAt: null,
      nextAttemptAt: null,
      delivery: { nextAttemptAt: null },
    });
    const waiting = { nextAttemptAt: String(AT + 1000), deliveryNextAt: String(AT + 2000) };
    expect(present(waiting, { position: 3, estimatedCompletionAt: AT + 3000 })).toMatchObject({
      position: 3,
      nextAttemptAt: '2026-03-02T04:00:01.000Z',
      delivery: { nextAttemptAt: '2026-03-02T04:00:02.000Z' },
      estimatedCompletionAt: '2026-03-02T04:00:03.000Z',
    });
  });

  it.each([
    { status: 'queued', isSuspended: true, shown: 'held' },
    { status: 'queued', isSuspended: false, shown: 'queued' },
    { status: 'retrying', isSuspended: true, shown: 'retrying' },
  ])(
    'is $shown when it is $status, and its account suspended: $isSuspended',
    ({ status, isSuspended, shown }) => {
      expect(present({ status }, { isSuspended }).status).toBe(shown);
    },
  );

  const outcome = JSON.stringify(makeOutcome());
  it.each([
    { what: 'waits', of: 'its lane as it is now', fields: { livemode: '0' }, lane: true, shown: true },
    {
      what: 'waits',
      of: 'its record, if its lane is not known',
      fields: { livemode: '1' },
      lane: null,
      shown: true,
    },
    {
      what: 'is answered',
      of: 'the time when it was',
      fields: { livemode: '0', outcome },
      lane: true,
      shown: false,
    },
    {
      what: 'is answered',
      of: 'its lane, if its record says nothing',
      fields: { outcome },
      lane: true,
      shown: true,
    },
    { what: 'waits', of: 'nothing that is known', fields: {}, lane: null, shown: false },
  ])('that $what has the livemode of $of', ({ fields, lane, shown }) => {
    expect(present({ ...fields }, { livemode: lane }).livemode).toBe(shown);
  });
});
