import { describe, expect, test } from 'vitest';
import { type Invariant, judgeStorm } from './judge.ts';
import type { ReceiverPost, SubmissionEntry, UpstreamCall } from './logs.ts';
import { personOfJob } from './person-of-job.ts';
import type { ShownVerification, StormFacts } from './storm-facts.ts';

/** A judge that finds nothing is worth nothing: each case is a good storm with one thing gone wrong. */
const submission = (more: Partial<SubmissionEntry> = {}): SubmissionEntry => ({
  job: 0,
  key: 'k0',
  at: 0,
  answeredAt: 10,
  status: 202,
  id: 'ver_0',
  ...more,
});

const call = (more: Partial<UpstreamCall> = {}): UpstreamCall => ({
  idCard: personOfJob(0).idCard,
  at: 100,
  earliestAt: 98,
  code: 'Success',
  charged: true,
  answeredAt: 200,
  abandonedAt: null,
  fault: null,
  ...more,
});

const post = (
  more: Partial<ReceiverPost> = {},
  event: Partial<ReceiverPost['event']> = {},
): ReceiverPost => ({
  at: 300,
  webhookId: 'evt_0',
  bodyHash: 'a',
  event: {
    job: 0,
    verification: 'ver_0',
    sequence: 1,
    code: 'Success',
    possiblyBilledAgain: false,
    attempts: ['Success'],
    ...event,
  },
  answer: 'acknowledged',
  answeredAt: 310,
  ...more,
});

const shown: ShownVerification = {
  status: 'completed',
  delivery: 'delivered',
  code: 'Success',
  attempts: ['Success'],
};

const usageOf = (code: string, calls: number) => ({
  day: '2026-01-01',
  clientId: 'c',
  code,
  billed: calls,
  unbilled: 0,
  unknown: 0,
});

const good: StormFacts = {
  jobs: 1,
  quotaPerSecond: 2,
  submissions: [submission()],
  calls: [call()],
  posts: [post()],
  forgeries: [],
  faults: [],
  unaskedExits: [],
  shown: new Map([[0, shown]]),
  feed: [{ sequence: 1, webhookId: 'evt_0' }],
  usage: [usageOf('Success', 1)],
  residue: { left: [], setAside: 0 },
};

const breachesOf = (facts: Partial<StormFacts>) =>
  judgeStorm({ ...good, ...facts }, 0).breaches.map(({ invariant }) => invariant);

const twoCalls = { calls: [call(), call({ at: 220, earliestAt: 218 })], usage: [usageOf('Success', 2)] };

describe('the judge', () => {
  test('finds nothing in a good storm', () => {
    expect(breachesOf({})).toEqual([]);
  });

  test.each<[string, Partial<StormFacts>, Invariant[]]>([
    ['an accepted job without an event', { posts: [] }, ['lost']],
    ['an event that was refused to the end', { posts: [post({ answer: 'refused' })] }, ['lost']],
    [
      'a good submission that is refused',
      { submissions: [submission({ status: 405, id: null }), submission()] },
      ['refused'],
    ],
    ['one key, two verifications', { submissions: [submission(), submission({ id: 'ver_1' })] }, ['two_ids']],
    [
      'one verification, two webhook-ids',
      { posts: [post(), post({ webhookId: 'evt_1' })] },
      ['two_ids', 'feed_differs'],
    ],
    ['one webhook-id, two bodies', { posts: [post(), post({ bodyHash: 'b' })] }, ['two_bodies']],
    ['an answer that was never given', { posts: [post({}, { code: 'FailedOperation' })] }, ['wrong_answer']],
    ['a quarantine', { posts: [post({}, { code: 'Veriqueue.Quarantined' })] }, ['quarantined']],
    ['two charged calls without a mark', twoCalls, ['unmarked']],
    [
      'a call after the acknowledgement',
      { calls: [call(), call({ charged: false, at: 400, earliestAt: 398 })], usage: [usageOf('Success', 2)] },
      ['asked_after_ack'],
    ],
    ['a call that the ledger does not have', { usage: [] }, ['ledger_missing']],
    [
      'a call that the ledger has twice',
      { usage: [usageOf('Success', 2)] },
      ['ledger_twice', 'ledger_unexplained'],
    ],
    ['something left in Redis', { residue: { left: ['subject:ver_0'], setAside: 0 } }, ['residue']],
    [
      'a process that ended by itself',
      { unaskedExits: [{ part: 'worker-1', at: 0, how: 'worker-1 ended with code 1' }] },
      ['exits'],
    ],
    [
      'three arrivals in a second of two',
      {
        calls: [100, 200, 1_000].map((at) => call({ at, earliestAt: at, charged: false })),
        posts: [post({ answeredAt: 1_100 })],
        usage: [usageOf('Success', 3)],
      },
      ['over_quota'],
    ],
    [
      'a number that no event has',
      { feed: [{ sequence: 2, webhookId: 'evt_0' }], posts: [post({}, { sequence: 2 })] },
      ['feed_gap'],
    ],
    [
      'a number that two events have',
      {
        feed: [
          { sequence: 1, webhookId: 'evt_0' },
          { sequence: 1, webhookId: 'evt_1' },
        ],
      },
      ['feed_gap'],
    ],
    [
      'an event under another number than in the feed',
      { posts: [post({}, { sequence: 2 })] },
      ['feed_differs'],
    ],
    ['an event without a number', { posts: [post({}, { sequence: null })] }, ['feed_differs']],
    ['an event that the feed does not have', { feed: [] }, ['feed_differs']],
  ])('finds %s', (_name, facts, expected) => {
    expect(breachesOf(facts)).toEqual(expected);
  });

  test('takes a dead letter for kept, a mark for honest, and a late stamp for a late stamp', () => {
    expect(breachesOf({ posts: [], shown: new Map([[0, { ...shown, delivery: 'dead' }]]) })).toEqual([]);
    expect(breachesOf({ ...twoCalls, posts: [post({}, { possiblyBilledAgain: true })] })).toEqual([]);
    const late = [100, 200, 1_099].map((at) => call({ at, earliestAt: at - 5, charged: false }));
    expect(
      breachesOf({ calls: late, posts: [post({ answeredAt: 1_200 })], usage: [usageOf('Success', 3)] }),
    ).toEqual([]);
  });

  test('excuses a call in the ledger that a killed worker may never have sent', () => {
    const attempts = ['Veriqueue.WorkerCrashed', 'Success'];
    const facts = {
      shown: new Map([[0, { ...shown, attempts }]]),
      usage: [usageOf('Success', 1), usageOf('Veriqueue.WorkerCrashed', 1)],
    };
    expect(breachesOf(facts)).toEqual([]);
  });
});
