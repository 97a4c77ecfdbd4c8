import { describe, expect, test } from 'vitest';
import {
  computeBacklogRetryAfter,
  computeEstimatedCompletion,
  computePollAfter,
  computeWaitSeconds,
  type EstimateFacts,
  type LaneSpeed,
  TYPICAL_ANSWER_MS,
} from '../../../shared/account/estimate.ts';

const now = 1_700_000_000_000;
const running: LaneSpeed = { moving: true, perSecond: 20 };
const standing: LaneSpeed = { moving: false, perSecond: 20 };

const facts = (overrides: Partial<EstimateFacts>): EstimateFacts => ({
  status: 'queued',
  position: null,
  nextAttemptAt: null,
  ...overrides,
});

describe('the estimated completion, in ms from now without the typical answer', () => {
  test.each<[string, EstimateFacts, LaneSpeed, number | null]>([
    ['of the next in line is one slot away', facts({ position: 1 }), running, 50],
    ['of the 200th in line is ten seconds away', facts({ position: 200 }), running, 10_000],
    [
      'takes the quota that is really there',
      facts({ position: 200 }),
      { moving: true, perSecond: 12.5 },
      16_000,
    ],
    ['of one taken out of the line already is due', facts({}), running, 0],
    ['of one being verified is due', facts({ status: 'verifying' }), standing, 0],
    [
      'of a retry starts at its next attempt',
      facts({ status: 'retrying', nextAttemptAt: now + 4_000 }),
      running,
      4_000,
    ],
    [
      'of a deferred one too',
      facts({ status: 'deferred', nextAttemptAt: now + 86_400_000 }),
      running,
      86_400_000,
    ],
    ['of an overdue retry is due', facts({ status: 'retrying', nextAttemptAt: now - 4_000 }), running, 0],
    [
      'of a retry back in line follows its place',
      facts({ status: 'retrying', position: 20, nextAttemptAt: now - 1 }),
      running,
      1_000,
    ],
    ['is unknown while the lane stands', facts({ position: 1 }), standing, null],
    ['is unknown without a rate', facts({ position: 1 }), { moving: true, perSecond: 0 }, null],
    ['is none once completed', facts({ status: 'completed' }), running, null],
    ['is none once failed', facts({ status: 'failed' }), running, null],
    ['is none once cancelled', facts({ status: 'cancelled' }), running, null],
  ])('%s', (_name, given, lane, expected) => {
    const wanted = expected === null ? null : now + expected + TYPICAL_ANSWER_MS;
    expect(computeEstimatedCompletion(given, lane, now)).toBe(wanted);
  });
});

describe('the wait of a new submission, in seconds', () => {
  test.each<[number, LaneSpeed, number | null]>([
    [1, running, 1],
    [200, running, 11],
    [100_000, running, 5_001],
    [1, standing, null],
    [1, { moving: true, perSecond: 0 }, null],
  ])('at place %i with %o is %s', (position, lane, expected) => {
    expect(computeWaitSeconds(position, lane)).toBe(expected);
  });
});

describe('when to ask again, in seconds', () => {
  test.each<[number | null, number]>([
    [now + 1, 1],
    [now - 5_000, 1],
    [now + 1_001, 2],
    [now + 10 * 3_600_000, 3_600],
    [null, 60],
  ])('for an estimate of %s is %i', (estimate, expected) => {
    expect(computePollAfter(estimate, { submittedAt: now, now })).toBe(expected);
  });

  test.each([
    [60_000, 1],
    [10 * 60_000, 6],
    [24 * 3_600_000, 864],
    [30 * 24 * 3_600_000, 3_600],
  ])('for one that has waited %i ms beyond every estimate is %i', (waited, expected) => {
    expect(computePollAfter(now + 550, { submittedAt: now - waited, now })).toBe(expected);
  });
});

describe('when to come back to a full backlog, in seconds', () => {
  test.each<[number, number, LaneSpeed, number]>([
    [100_000, 100_000, running, 500],
    [100, 100, running, 1],
    [3, 3, running, 1],
    [1_000_000, 1_000_000, running, 3_600],
    [100_000, 100_000, standing, 60],
    [100_000, 100_000, { moving: true, perSecond: 0 }, 60],
  ])('with %i of %i at %o is %i', (backlog, max, lane, expected) => {
    expect(computeBacklogRetryAfter(backlog, max, lane)).toBe(expected);
  });
});
