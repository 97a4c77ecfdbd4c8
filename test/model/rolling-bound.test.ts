import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostInRollingSecond } from '../../bench/quota/judge.ts';
import type { LimiterCommand } from '../../shared/account/limiter/limiter-command.ts';
import {
  type LimiterSettings,
  resolveLimiterSettings,
} from '../../shared/account/limiter/limiter-settings.ts';
import { type AppliedCommand, applyCommand } from './apply-command.ts';
import type { LimiterRecord } from './limiter-record.ts';
import { type Simulation, simulate } from './simulated-limiter.ts';

const SECONDS = 4;
const times = (most: number) =>
  fc.array(fc.integer({ min: 0, max: SECONDS * 1000 }), { minLength: 0, maxLength: most });

/** mulberry32: a schedule is a seed, so that a failing one can be run again. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const schedule: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.integer(),
  quota: fc.constantFrom(1, 2, 5, 7, 20),
  processes: fc.constantFrom(1, 2, 4, 16),
  thinkMs: fc.constantFrom(0, 0, 20, 300),
  timerLateMs: fc.constantFrom(0.1, 2, 10),
  redisMs: fc.constantFrom(0.2, 3, 15),
  networkShare: fc.constantFrom(0, 0.5, 1),
  lostReplies: fc.constantFrom(0, 0, 0.1),
  crashesAt: times(4),
  stopsAt: times(3),
  stopMs: fc.constantFrom(30, 400, 2000),
});

const SATURATED = {
  quota: 20,
  thinkMs: 0,
  timerLateMs: 2,
  redisMs: 0.3,
  networkShare: 0,
  lostReplies: 0,
  crashesAt: [],
  stopsAt: [],
  stopMs: 0,
};

interface Schedule {
  readonly seed: number;
  readonly quota: number;
  readonly processes: number;
  readonly thinkMs: number;
  readonly timerLateMs: number;
  readonly redisMs: number;
  readonly networkShare: number;
  readonly lostReplies: number;
  readonly crashesAt: number[];
  readonly stopsAt: number[];
  readonly stopMs: number;
}

function makeSimulation(drawn: Schedule, more: Partial<Simulation> = {}): Simulation {
  const { seed, quota, networkShare, ...rest } = drawn;
  const settings = resolveLimiterSettings({ quotaPerSecond: quota });
  return {
    ...rest,
    settings,
    decide: applyCommand,
    seconds: SECONDS,
    random: makeRandom(seed),
    networkMs: (networkShare * settings.marginStartUs) / 1000,
    lossesAt: [],
    stepsAt: [],
    ...more,
  };
}

/** BullMQ's kind of limiter, as a planted fault: the first `quota` of every window pass. */
function fixedWindow(
  record: LimiterRecord,
  command: LimiterCommand,
  settings: LimiterSettings,
  nowUs: number,
): AppliedCommand {
  const window = Math.floor(nowUs / settings.windowUs);
  const used = record.lastUs === window ? record.size : 0;
  const seq = record.seq + 1;
  if (command.op === 'reserve' && used < settings.quota) {
    const answer = { kind: 'reserved', seq, probe: false, atUs: [nowUs] } as const;
    return { record: { ...record, seq, lastUs: window, size: used + 1 }, answer, changes: [], seq, nowUs };
  }
  return {
    record,
    answer: { kind: 'wait', dueUs: (window + 1) * settings.windowUs },
    changes: [],
    seq: record.seq,
    nowUs,
  };
}

describe('the rolling bound, in virtual time', () => {
  it('holds at the upstream over random loads, latencies, late timers, crashes and stops', () => {
    fc.assert(
      fc.property(schedule, (drawn) => {
        const { arrivals } = simulate(makeSimulation(drawn));
        expect(mostInRollingSecond(arrivals)).toBeLessThanOrEqual(drawn.quota);
      }),
      { numRuns: 4000 },
    );
  });

  it('holds when the lane is lost or its clock steps once, as long as the processes that ask remember', () => {
    // By then every process has had an answer.
    const later = fc.integer({ min: 1500, max: SECONDS * 1000 });
    const steps = fc.array(
      fc.tuple(later, fc.constantFrom(-3_600_000, -2000, -500, -150, 150, 500, 2000, 3_600_000)),
      { maxLength: 1 },
    );
    fc.assert(
      fc.property(schedule, fc.array(later, { maxLength: 2 }), steps, (drawn, lossesAt, stepsAt) => {
        const faults = {
          thinkMs: Math.min(drawn.thinkMs, 20),
          lossesAt,
          stepsAt,
          crashesAt: [],
          stopsAt: [],
        };
        const { arrivals } = simulate(makeSimulation(drawn, faults));
        expect(mostInRollingSecond(arrivals)).toBeLessThanOrEqual(drawn.quota);
      }),
      { numRuns: 3000 },
    );
  });

  it('holds when its clock steps once, also for processes that join around that', () => {
    const step = fc.tuple(
      fc.integer({ min: 200, max: SECONDS * 1000 }),
      fc.constantFrom(-3_600_000, -2000, -500, -150, 150, 500, 2000, 3_600_000),
    );
    fc.assert(
      fc.property(schedule, step, fc.integer({ min: -400, max: 100 }), (drawn, [stepAt, byMs], crashed) => {
        const faults = {
          thinkMs: Math.min(drawn.thinkMs, 20),
          stepsAt: [[stepAt, byMs]] as const,
          crashesAt: [Math.max(0, stepAt + crashed)],
          stopsAt: [],
        };
        const { arrivals } = simulate(makeSimulation(drawn, faults));
        expect(mostInRollingSecond(arrivals)).toBeLessThanOrEqual(drawn.quota);
      }),
      { numRuns: 3000 },
    );
  });

  it('is exceeded by two at most when the lane is lost with every process that knew it', () => {
    fc.assert(
      fc.property(schedule, fc.integer({ min: 1000, max: 3000 }), (drawn, lostAt) => {
        const crashesAt = Array.from({ length: drawn.processes }, () => lostAt);
        const sim = makeSimulation(drawn, { lossesAt: [lostAt], crashesAt, stopsAt: [] });
        expect(mostInRollingSecond(simulate(sim).arrivals)).toBeLessThanOrEqual(drawn.quota + 2);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([0.2, 20, 40])(
    'holds from the first second on while the way to the upstream takes up to 20 ms more, and that to Redis up to %s ms',
    (redisMs) => {
      for (let seed = 0; seed < 60; seed += 1) {
        const settings = resolveLimiterSettings({ quotaPerSecond: 20 });
        const delays = { settings, redisMs, networkMs: 20, lostReplies: 0.05, seconds: 8 };
        const sim = makeSimulation({ ...SATURATED, seed, processes: seed % 2 === 0 ? 1 : 4 }, delays);
        expect(mostInRollingSecond(simulate(sim).arrivals)).toBeLessThanOrEqual(20);
      }
    },
  );

  it('is broken by a fixed window, which this simulation finds', () => {
    const check = fc.check(
      fc.property(schedule, (drawn) => {
        const sim = makeSimulation(drawn, { decide: fixedWindow });
        return mostInRollingSecond(simulate(sim).arrivals) <= drawn.quota;
      }),
      { numRuns: 200 },
    );
    expect(check.failed).toBe(true);
  });

  it('is broken by a log that believes slots were used at their instants, which this simulation finds', () => {
    const check = fc.check(
      fc.property(schedule, (drawn) => {
        const decide: Simulation['decide'] = (record, command, settings, nowUs) =>
          applyCommand(
            record,
            { ...command, reports: { ...command.reports, sent: [] } },
            { ...settings, toleranceUs: 0 },
            nowUs,
          );
        const sim = makeSimulation(drawn, { decide });
        return mostInRollingSecond(simulate(sim).arrivals) <= drawn.quota;
      }),
      { numRuns: 500 },
    );
    expect(check.failed).toBe(true);
  });

  it.each([1, 4, 16])(
    'wastes less than half a percent with %i saturated processes and punctual timers',
    (processes) => {
      // The margin at which it arrives on a quiet network.
      const settings = resolveLimiterSettings({ marginMs: 1 });
      const sim = makeSimulation({ ...SATURATED, seed: 7, processes }, { settings, seconds: 30 });
      const { arrivals, calls } = simulate(sim);
      const late = arrivals.filter((time) => time >= 5000);
      expect(late.length / 25 / 20).toBeGreaterThan(0.995);
      // A slot that lies a moment beyond the horizon is asked for twice.
      expect(calls / 30).toBeLessThan(processes * 20 + 6);
    },
  );
});
