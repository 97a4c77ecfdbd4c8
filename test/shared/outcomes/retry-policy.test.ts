import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicOutcomeTable, resolveOutcome } from '../../../shared/outcomes/resolve-outcome.ts';
import {
  type AttemptFacts,
  computeNextStep,
  DEFAULT_RETRY_SETTINGS,
} from '../../../shared/outcomes/retry-policy.ts';

const NOW = Date.UTC(2026, 2, 1, 12, 0, 0);
const NEXT_DAY = Date.UTC(2026, 2, 1, 16, 0, 0);
const HALF = () => 0.5;

function decide(code: string, overrides: Partial<Omit<AttemptFacts, 'row'>> = {}) {
  return computeNextStep({
    row: resolveOutcome(code),
    attemptsMade: 1,
    deferredBefore: 'none',
    probe: false,
    settings: DEFAULT_RETRY_SETTINGS,
    now: NOW,
    random: HALF,
    ...overrides,
  });
}

const failing = { ...DEFAULT_RETRY_SETTINGS, unknownPolicy: 'fail' } as const;

describe('after an attempt', () => {
  it.each<{ when: string; step: ReturnType<typeof decide>; expected: Record<string, unknown> }>([
    {
      when: 'a match finishes',
      step: decide('Success'),
      expected: {
        step: 'finish',
      },
    },
    {
      when: 'a fault of the photo finishes with what to do',
      step: decide('FailedOperation.LifePhotoPoorQuality'),
      expected: { step: 'finish' },
    },
    {
      when: 'a fault of ours finishes as failed',
      step: decide('InvalidParameter'),
      expected: { step: 'finish' },
    },
    {
      when: 'a transient failure is retried within a second the first time',
      step: decide('FailedOperation.UnKnown'),
      expected: { why: 'retry', status: 'retrying', at: NOW + 500, counted: true },
    },
    {
      when: 'a transient failure is retried later the third time',
      step: decide('FailedOperation.UnKnown', { attemptsMade: 3 }),
      expected: { why: 'retry', at: NOW + 2000 },
    },
    {
      when: 'the last retry is the fifth',
      step: decide('FailedOperation.UnKnown', { attemptsMade: 5 }),
      expected: { why: 'retry', at: NOW + 8000 },
    },
    {
      when: 'a transient failure finishes with its code once the retries are used up',
      step: decide('FailedOperation.UnKnown', { attemptsMade: 6 }),
      expected: { step: 'finish' },
    },
    {
      when: 'a probe that was answered with a failure of its own counts, and stands aside for 30 s',
      step: decide('FailedOperation.UnKnown', { probe: true }),
      expected: { why: 'retry', status: 'retrying', at: NOW + 30_000, counted: true },
    },
    {
      when: 'for twice as long each time',
      step: decide('FailedOperation.CompareSystemError', { attemptsMade: 3, probe: true }),
      expected: { why: 'retry', status: 'retrying', at: NOW + 120_000, counted: true },
    },
    {
      when: 'for ten minutes at most',
      step: decide('FailedOperation', {
        attemptsMade: 40,
        probe: true,
        settings: { ...DEFAULT_RETRY_SETTINGS, retriesAllowed: 100 },
      }),
      expected: { why: 'retry', at: NOW + 600_000 },
    },
    {
      when: 'and finishes once the retries are used up',
      step: decide('FailedOperation.IdPhotoSystemNoanswer', { attemptsMade: 6, probe: true }),
      expected: { step: 'finish' },
    },
    ...(
      ['InternalError', 'ServiceUnavailable.X', 'ResourceInsufficient', 'Veriqueue.ConnectionFailed'] as const
    ).map((code) => ({
      when: `a probe does not count when the upstream as a whole fails: ${code}`,
      step: decide(code, { attemptsMade: 6, probe: true }),
      expected: { why: 'slow', status: 'queued', at: NOW + 30_000, counted: false },
    })),
    {
      when: 'maintenance slows the lane',
      step: decide('FailedOperation.CompareLibServiceUnavailable', { attemptsMade: 99 }),
      expected: { why: 'slow', status: 'queued', counted: false },
    },
    {
      when: 'an account fault holds the lane',
      step: decide('UnauthorizedOperation.Arrears', { attemptsMade: 99 }),
      expected: { why: 'hold', status: 'queued', at: NOW + 60_000, counted: false },
    },
    {
      when: 'being too fast costs nothing',
      step: decide('RequestLimitExceeded.UinLimitExceeded', { attemptsMade: 99 }),
      expected: { step: 'again' },
    },
    {
      when: 'an indeterminate call is asked again and remembered',
      step: decide('Veriqueue.Timeout'),
      expected: { why: 'retry', status: 'retrying', at: NOW + 500, counted: true },
    },
    {
      when: 'an indeterminate call is not asked again under the other policy',
      step: decide('Veriqueue.Timeout', { settings: failing }),
      expected: { step: 'finish' },
    },
    {
      when: 'an indeterminate call counts in a slow lane too',
      step: decide('Veriqueue.WorkerCrashed', { attemptsMade: 6, probe: true }),
      expected: { step: 'finish' },
    },
    {
      when: 'the person limit waits for the next minute first',
      step: decide('FailedOperation.IdentityAuthLimitExceeded'),
      expected: {
        why: 'defer',
        status: 'deferred',
        at: NOW + 62_500,
        deferredBefore: 'minute',
        counted: true,
      },
    },
    {
      when: 'the person limit waits for the next day of +08:00 then',
      step: decide('FailedOperation.IdentityAuthLimitExceeded', {
        attemptsMade: 2,
        deferredBefore: 'minute',
      }),
      expected: { why: 'defer', at: NEXT_DAY + 300_000, deferredBefore: 'day' },
    },
    {
      when: 'the person limit of a new day waits for a minute again',
      step: decide('FailedOperation.IdentityAuthLimitExceeded', { attemptsMade: 3, deferredBefore: 'day' }),
      expected: { why: 'defer', deferredBefore: 'minute' },
    },
    {
      when: 'the person limit finishes once the retries are used up',
      step: decide('FailedOperation.IdentityAuthLimitExceeded', {
        attemptsMade: 6,
        deferredBefore: 'minute',
      }),
      expected: { step: 'finish' },
    },
  ])('$when', ({ step, expected }) => {
    expect(step).toMatchObject(expected);
  });

  it('never makes more calls that count than 1 and the retries allowed, whatever they answer', () => {
    const codes = publicOutcomeTable().map(({ code }) => code);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...codes), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 0, max: 8 }),
        fc.boolean(),
        (answers, retriesAllowed, probe) => {
          const settings = { ...DEFAULT_RETRY_SETTINGS, retriesAllowed };
          let counted = 0;
          for (const code of answers) {
            const step = decide(code, { attemptsMade: counted + 1, settings, probe });
            if (step.step === 'finish' || (step.step === 'postpone' && step.counted)) counted += 1;
            if (step.step === 'finish') break;
          }
          expect(counted).toBeLessThanOrEqual(1 + retriesAllowed);
        },
      ),
    );
  });

  it('decides every row of the table', () => {
    for (const { code } of publicOutcomeTable()) expect(decide(code).step).toMatch(/^[a-z]+$/);
  });
});
