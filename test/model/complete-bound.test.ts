import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { applyCommand } from './apply-command.ts';
import { type Decide, type Fault, QUOTA, searchAll } from './bound-search.ts';
import { openLimiterOnLua } from './limiter-on-lua.ts';
import type { LimiterRecord } from './limiter-record.ts';

/** What a process is answered, and what is left in Redis. */
const comparable = ({ replies: _, slots, tallies, ...record }: LimiterRecord) => ({
  ...record,
  slots: [...slots].sort(([a], [b]) => a - b),
  tallies: [...tallies].sort(([a], [b]) => a - b),
});

const MOST_STATES = 1_000_000;

/** What the tests follow of searches that take minutes to their end: `npm run search`. */
const FIRST_STATES = 60_000;

/** A log that is used as if each slot had been used at its instant, with the margin of production. */
const believing: Decide = (record, command, settings, nowUs) =>
  applyCommand(
    record,
    { ...command, reports: { ...command.reports, sent: [] } },
    { ...settings, toleranceUs: 0, marginStartUs: 20_000 },
    nowUs,
  );

/** A process of the version before, which does not look whether another Redis has taken over. */
const unaware: Decide = (record, command, settings, nowUs) =>
  applyCommand(
    record,
    { ...command, reports: { ...command.reports, newHistory: undefined } },
    settings,
    nowUs,
  );

/** A limiter that forgets, when Redis' clock is set back, where the clock was. */
const forgetful: Decide = (record, command, settings, nowUs) => {
  const applied = applyCommand(record, command, settings, nowUs);
  return { ...applied, record: { ...applied.record, formerClockUntilUs: 0 } };
};

/** As if no slot had ever been given, so that a process that joins reserves at once. */
const hasty: Decide = (record, command, settings, nowUs) => {
  const applied = applyCommand(record, command, settings, nowUs);
  return command.op === 'report' ? { ...applied, seq: 0 } : applied;
};

describe('the rolling bound, over all that two processes can ever do with three slots', () => {
  it('is held by the script itself, which decides in each state as its model does', {
    timeout: 600_000,
  }, async () => {
    const onLua = await openLimiterOnLua();
    const both: Decide = (record, command, settings, nowUs) => {
      const carriedOut = onLua(record, command, settings, nowUs);
      const { record: left, ...reply } = applyCommand(record, command, settings, nowUs);
      const [real, model] = [carriedOut, { ...reply, record: left }].map(
        ({ record: after, ...answered }) => ({
          ...answered,
          record: comparable(after),
        }),
      );
      // For speed: it is every state.
      if (!isDeepStrictEqual(real, model)) expect(real).toEqual(model);
      return carriedOut;
    };
    const { states, worst, isComplete } = searchAll([], both, MOST_STATES);
    expect(isComplete).toBe(true);
    expect(states).toBeGreaterThan(20_000);
    expect(worst).toBe(QUOTA);
  });

  it.each<readonly [string, readonly Fault[]]>([
    ['that stop for a while', ['stop']],
    ['after the log is lost at any moment', ['loss']],
    ['of which one crashes', ['crash']],
  ])('is held with processes %s', { timeout: 600_000 }, (_, faults) => {
    const { worst, isComplete } = searchAll(faults, applyCommand, MOST_STATES);
    expect(isComplete).toBe(true);
    expect(worst).toBe(QUOTA);
  });

  it.each<readonly [string, readonly Fault[]]>([
    ['of which one crashes while another stops', ['crash', 'stop']],
    ["while Redis' clock is set", ['step']],
    ["while Redis' clock is set and set again", ['step', 'step']],
    ["of which one joins after Redis' clock was set", ['crash', 'step']],
    ['while a failover forgets the latest commands', ['failover']],
  ])('is held with processes %s, in the states that are reached first', { timeout: 600_000 }, (_, faults) => {
    expect(searchAll(faults, applyCommand, FIRST_STATES).worst).toBe(QUOTA);
  });

  it.each<readonly [string, Decide, readonly Fault[]]>([
    ['a log that believes that slots were used at their instants', believing, []],
    ['a limiter that forgets where a clock was that was set back and forth', forgetful, ['step', 'step']],
    ['a process that joins and reserves at once', hasty, ['crash', 'step']],
    ['a process that does not look who answers after a failover', unaware, ['failover']],
  ])('is broken by %s, which the search finds', { timeout: 600_000 }, (_, decide, faults) => {
    expect(searchAll(faults, decide, FIRST_STATES).worst).toBeGreaterThan(QUOTA);
  });
});
