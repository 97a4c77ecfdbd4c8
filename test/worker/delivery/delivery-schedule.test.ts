import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EndpointHealth,
  healthyEndpoint,
  reduceEndpointHealth,
} from '../../../shared/store/endpoints/endpoint-health.ts';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import {
  type AfterDeliveryAttempt,
  computeAfterDeliveryAttempt,
  defaultDeliverySchedule,
} from '../../../worker/delivery/delivery-schedule.ts';

const now = 1_700_000_000_000;
const middle = () => 0.5;
const hourMs = 3_600_000;

const accepted: DeliveryResult = { result: 'accepted', status: 200, durationMs: 5, answer: '' };
const timedOut: DeliveryResult = { result: 'unreachable', errorClass: 'timeout', durationMs: 15_000 };
const refused = (status: number, retryAfterMs: number | null = null): DeliveryResult => ({
  result: 'refused',
  status,
  retryAfterMs,
  durationMs: 5,
  answer: '',
});

function decide(
  result: DeliveryResult,
  attemptsMade: number,
  random: () => number = middle,
  health: EndpointHealth = healthyEndpoint,
): AfterDeliveryAttempt {
  const schedule = defaultDeliverySchedule;
  return computeAfterDeliveryAttempt({ result, attemptsMade, schedule, health, now, random });
}

describe('computeAfterDeliveryAttempt', () => {
  test.each([
    [1, 5_000],
    [2, 5 * 60_000],
    [3, 30 * 60_000],
    [4, 2 * hourMs],
    [5, 5 * hourMs],
    [6, 10 * hourMs],
    [7, 14 * hourMs],
    [8, 20 * hourMs],
    [9, 24 * hourMs],
  ])('after %i attempts waits %i ms, give or take a fifth', (attemptsMade, delayMs) => {
    expect(decide(timedOut, attemptsMade)).toEqual({ step: 'retry', at: now + delayMs });
    expect(decide(timedOut, attemptsMade, () => 0)).toEqual({ step: 'retry', at: now + delayMs * 0.8 });
    expect(decide(timedOut, attemptsMade, () => 1)).toEqual({ step: 'retry', at: now + delayMs * 1.2 });
  });

  test('is dead after the tenth attempt', () => {
    expect(decide(timedOut, 10)).toEqual({ step: 'dead' });
    expect(decide(refused(503, 1_000), 10)).toEqual({ step: 'dead' });
  });

  test('is delivered by any 2xx, at whatever attempt', () => {
    expect(decide(accepted, 1)).toEqual({ step: 'delivered' });
    expect(decide(accepted, 10)).toEqual({ step: 'delivered' });
  });

  test.each([301, 302, 307, 308, 400, 401, 404, 410, 413, 429, 500, 503])(
    'tries again after a %i',
    (status) => {
      expect(decide(refused(status), 1)).toEqual({ step: 'retry', at: now + 5_000 });
    },
  );

  test('Retry-After moves the next attempt later', () => {
    expect(decide(refused(429, 60_000), 1, () => 0)).toEqual({ step: 'retry', at: now + 60_000 });
    expect(decide(refused(503, 60_000), 1, () => 1)).toEqual({ step: 'retry', at: now + 72_000 });
  });

  test('Retry-After never moves it earlier', () => {
    expect(decide(refused(503, 1_000), 4)).toEqual({ step: 'retry', at: now + 2 * hourMs });
  });

  test('Retry-After is obeyed for a day at most', () => {
    expect(decide(refused(503, 30 * 24 * hourMs), 1)).toEqual({ step: 'retry', at: now + 24 * hourMs });
  });

  test('the hold of the endpoint comes before the death of the delivery', () => {
    const disabled: EndpointHealth = { status: 'disabled', reason: 'gone', failingSince: 0, disabledAt: now };
    const step = { step: 'defer', reason: 'gone', disabledAt: now };
    expect(decide(refused(410), 3, middle, disabled)).toEqual(step);
    expect(decide(refused(410), 10, middle, disabled)).toEqual(step);
    expect(decide(accepted, 3, middle, disabled)).toEqual({ step: 'delivered' });
  });

  test('never waits less than asked, nor less than four fifths of the schedule, nor more than the longest delay', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.integer({ min: 0, max: 24 * hourMs })),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attemptsMade, retryAfterMs, sample) => {
          const next = decide(refused(503, retryAfterMs), attemptsMade, () => sample);
          if (next.step !== 'retry') throw new Error(`Cannot check: received ${next.step}`);
          const scheduledMs = defaultDeliverySchedule.delaysMs[attemptsMade] ?? Number.NaN;
          const waitMs = next.at - now;
          expect(waitMs).toBeGreaterThanOrEqual(Math.max(scheduledMs * 0.8 - 1, retryAfterMs ?? 0));
          expect(waitMs).toBeLessThanOrEqual(24 * hourMs * 1.2);
        },
      ),
    );
  });
});

/** Plays one event against a receiver in virtual time. */
function play(receiver: (at: number) => DeliveryResult, random: () => number) {
  const attempts: number[] = [];
  const deliver = (at: number, health: EndpointHealth): AfterDeliveryAttempt => {
    const result = receiver(at);
    attempts.push(at - now);
    const nextHealth = reduceEndpointHealth(health, result, at);
    const facts = { result, attemptsMade: attempts.length, schedule: defaultDeliverySchedule };
    const next = computeAfterDeliveryAttempt({ ...facts, health: nextHealth, now: at, random });
    return next.step === 'retry' ? deliver(next.at, nextHealth) : next;
  };
  return { end: deliver(now, healthyEndpoint), attempts };
}

describe('one event over the whole schedule, in virtual time', () => {
  test('a receiver that is down throughout gets ten attempts at the documented times, then the event is dead', () => {
    const { end, attempts } = play(() => timedOut, middle);
    expect(end).toEqual({ step: 'dead' });
    // "Time since start" of the specification's table.
    expect(attempts.map((ms) => ms / 1000)).toEqual([
      0, 5, 305, 2_105, 9_305, 27_305, 63_305, 113_705, 185_705, 272_105,
    ]);
  });

  test('with any jitter the last attempt falls between 60 and 91 hours', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (sample) => {
        const { attempts } = play(
          () => timedOut,
          () => sample,
        );
        expect(attempts).toHaveLength(10);
        expect(attempts.at(-1)).toBeGreaterThan(60 * hourMs);
        expect(attempts.at(-1)).toBeLessThan(91 * hourMs);
      }),
    );
  });

  test('a receiver that returns after a day gets the event at the next attempt', () => {
    const { end, attempts } = play((at) => (at - now < 24 * hourMs ? refused(503) : accepted), middle);
    expect(end).toEqual({ step: 'delivered' });
    expect(attempts).toHaveLength(8);
  });

  test('a receiver that says 410 throughout holds the endpoint at the third attempt, five minutes after the first', () => {
    const { end, attempts } = play(() => refused(410), middle);
    expect(end).toEqual({ step: 'defer', reason: 'gone', disabledAt: now + 305_000 });
    expect(attempts).toHaveLength(3);
  });

  test('a single 410 during a deployment costs one attempt', () => {
    const { end, attempts } = play((at) => (at === now ? refused(410) : accepted), middle);
    expect(end).toEqual({ step: 'delivered' });
    expect(attempts).toHaveLength(2);
  });
});
