import { describe, expect, test } from 'vitest';
import type { LimiterCommand } from '../../shared/account/limiter/limiter-command.ts';
import { resolveLimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { computeLimiterState } from '../../shared/account/limiter/limiter-state.ts';
import { applyCommand } from './apply-command.ts';
import { type LimiterRecord, NEW_LIMITER } from './limiter-record.ts';

const SECOND = 1_000_000;
const START = 1_700_000_000 * SECOND;
const settings = resolveLimiterSettings();
type Op = { readonly op: 'pause'; readonly reason: string } | { readonly op: 'resume' | 'report' };

let number = 0;
function run(record: LimiterRecord, atSecond: number, op: Op): LimiterRecord {
  number += 1;
  const reports = { seen: record.seq, stepped: false, sent: [], attempts: [] };
  const command = { ...op, client: 'a', number, reports } as LimiterCommand;
  return applyCommand(record, command, settings, START + atSecond * SECOND).record;
}
const lostAt = (record: LimiterRecord, atSecond: number) =>
  computeLimiterState(record, START + atSecond * SECOND).lost;

describe('time that the limiter gave no slots', () => {
  const running = run(NEW_LIMITER, 0, { op: 'report' });

  test('is none while it runs, however long that is', () => {
    expect(lostAt(run(running, 500, { op: 'report' }), 1000)).toEqual({
      paused: 0,
      held: 0,
      slow: 0,
      rate: 0,
    });
  });

  test('is added up over pauses, also while nothing is asked of the limiter', () => {
    const first = run(run(running, 10, { op: 'pause', reason: 'x' }), 40, { op: 'resume' });
    const second = run(first, 100, { op: 'pause', reason: 'y' });
    expect(lostAt(second, 107).paused).toBe(37_000);
    expect(lostAt(run(second, 110, { op: 'resume' }), 500).paused).toBe(40_000);
  });

  test('counts for the pause alone while the account is at fault as well', () => {
    const held: LimiterRecord = { ...running, gate: 'held', gateSinceUs: START, lostSinceUs: START };
    const paused = run(held, 10, { op: 'pause', reason: 'x' });
    expect(lostAt(paused, 15)).toEqual({ paused: 5_000, held: 10_000, slow: 0, rate: 0 });
  });

  test('is the missing part of the quota while the rate is cut', () => {
    const cut: LimiterRecord = { ...running, rateMilli: 15_000, rateAtUs: START, lostSinceUs: START };
    expect(lostAt(cut, 8).rate).toBe(2_000);
    expect(lostAt(run(cut, 8, { op: 'report' }), 8).rate).toBe(2_000);
  });

  test('is not negative after the clock was set back', () => {
    const paused = run(running, 100, { op: 'pause', reason: 'x' });
    expect(lostAt(paused, 50).paused).toBe(0);
    expect(lostAt(run(paused, 50, { op: 'resume' }), 60).paused).toBe(0);
  });
});
