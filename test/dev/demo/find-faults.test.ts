import { describe, expect, it } from 'vitest';
import type { Case } from '../../../dev/demo/cases.ts';
import { type Entry, findFaults } from '../../../dev/demo/find-faults.ts';
import type { ReceivedEvent } from '../../../dev/demo/receiver.ts';
import type { Outcome } from '../../../shared/contract/verification.ts';

const demoCase: Case = {
  idCard: '990001199001010018',
  name: '测试甲子',
  purpose: 'Matches',
  expected: { verdict: 'match', code: 'Success', attempts: 1 },
};
const entry: Entry = { demoCase, accepted: { id: 'ver_1', replayed: false }, submittedAt: 0 };

function received(outcome: Partial<Outcome>, webhookIds = ['evt_1']): ReceivedEvent {
  const complete: Outcome = {
    verdict: 'match',
    code: 'Success',
    description: null,
    sim: null,
    requestId: null,
    action: 'none',
    billed: true,
    possiblyBilledAgain: false,
    completedAt: '2026-01-01T00:00:00.000Z',
    ...outcome,
  };
  return {
    event: {
      type: 'verification.completed',
      timestamp: complete.completedAt,
      data: {
        id: 'ver_1',
        status: 'completed',
        livemode: false,
        reference: null,
        extra: null,
        priority: 'bulk',
        submittedAt: complete.completedAt,
        position: null,
        estimatedCompletionAt: null,
        completesBy: null,
        completesByExtended: null,
        answerBy: null,
        nextAttemptAt: null,
        attempts: [],
        outcome: complete,
        delivery: { status: 'pending', attempts: 0, nextAttemptAt: null },
      },
    },
    webhookIds: new Set(webhookIds),
    receivedAt: 0,
  };
}

describe('the judge', () => {
  it('has nothing to say when everybody got the one right answer', () => {
    expect(findFaults([entry], new Map([['ver_1', received({})]]))).toEqual([]);
  });

  it.each([
    ['a missing event', new Map(), /ver_1 \(Matches\): no event came/],
    [
      'a wrong verdict',
      new Map([['ver_1', received({ verdict: 'no_match' })]]),
      /expected match by Success, received no_match by Success/,
    ],
    [
      'a wrong code',
      new Map([['ver_1', received({ code: 'FailedOperation.UnKnown' })]]),
      /received match by FailedOperation.UnKnown/,
    ],
    [
      'an event under two webhook-ids',
      new Map([['ver_1', received({}, ['evt_1', 'evt_2'])]]),
      /under 2 different webhook-ids/,
    ],
    [
      'an event that was not expected',
      new Map([
        ['ver_1', received({})],
        ['ver_2', received({})],
      ]),
      /ver_2: an event came for a verification that was never submitted/,
    ],
  ])('names %s', (_what, events: ReadonlyMap<string, ReceivedEvent>, fault) => {
    expect(findFaults([entry], events)).toEqual([expect.stringMatching(fault)]);
  });
});
