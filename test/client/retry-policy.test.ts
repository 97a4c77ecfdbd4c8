import { describe, expect, test } from 'vitest';
import { createApiError } from '../../client/api-error.ts';
import { computeRetry, type RetryFacts } from '../../client/retry-policy.ts';
import { ConnectionError, TimeoutError, type VeriqueueError } from '../../client/veriqueue-error.ts';

const answered = (status: number, retryAfterMs: number | null = null, code = 'unrecognized_answer') =>
  createApiError(
    { doing: 'test', verification: null, attempts: 1 },
    { status, code, title: '', detail: null, errors: [], retryAfterMs, earliestAnswerBy: null },
  );

const decide = (facts: Partial<RetryFacts> & Pick<RetryFacts, 'failure'>) =>
  computeRetry({ retries: 0, queuedBehind: 0, maxRetries: 4, random: () => 0.5, ...facts });

const giveUp = { decision: 'give_up' };

describe('computeRetry', () => {
  test.each<[string, VeriqueueError]>([
    ['no connection', new ConnectionError('', { attempts: 1 })],
    ['no answer in time', new TimeoutError('', { attempts: 1 })],
    ...[408, 429, 502, 503, 504].map((status): [string, VeriqueueError] => [
      String(status),
      answered(status),
    ]),
  ])('repeats after %s', (_, failure) => {
    expect(decide({ failure })).toEqual({ decision: 'retry', delayMs: 375, isQueuedBehind: false });
  });

  test.each([200, 302, 400, 401, 403, 404, 409, 413, 422, 500, 501])('does not after %d', (status) => {
    expect(decide({ failure: answered(status) })).toEqual(giveUp);
  });

  test.each([
    [0, 250, 500],
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [3, 2_000, 4_000],
    [7, 4_000, 8_000],
  ])('waits longer each time, half of it by chance: retry %d', (retries, least, most) => {
    const failure = answered(503);
    const at = (random: number) => decide({ failure, retries, maxRetries: 9, random: () => random });
    expect(at(0)).toMatchObject({ delayMs: least });
    expect(at(0.999_999)).toMatchObject({ delayMs: most });
  });

  test.each([
    [3_000, 3_000, 3_250],
    [60_000, 60_000, 60_250],
  ])('never comes before Retry-After, nor all at it: %d ms', (retryAfterMs, least, most) => {
    const failure = answered(429, retryAfterMs);
    expect(decide({ failure, random: () => 0 })).toMatchObject({ delayMs: least });
    expect(decide({ failure, random: () => 0.999_999 })).toMatchObject({ delayMs: most });
  });

  test('does not wait for a Retry-After of more than a minute', () => {
    expect(decide({ failure: answered(503, 61_000) })).toEqual(giveUp);
  });

  test('is bounded', () => {
    expect(decide({ failure: answered(503), retries: 3 })).toMatchObject({ decision: 'retry' });
    expect(decide({ failure: answered(503), retries: 4 })).toEqual(giveUp);
    expect(decide({ failure: answered(503), maxRetries: 0 })).toEqual(giveUp);
  });

  test('waits for an earlier request of the same key until the server gives it up', () => {
    const failure = answered(409, 1_000, 'in_progress');
    const wait = { decision: 'retry', delayMs: 1_000, isQueuedBehind: true };
    expect(decide({ failure })).toEqual(wait);
    expect(decide({ failure, retries: 4, queuedBehind: 14 })).toEqual(wait);
    expect(decide({ failure, queuedBehind: 15 })).toEqual(giveUp);
    expect(decide({ failure, maxRetries: 0 })).toEqual(giveUp);
  });
});
