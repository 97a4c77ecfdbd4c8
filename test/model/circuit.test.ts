import { describe, expect, it } from 'vitest';
import type {
  AttemptReport,
  Evidence,
  LimiterReports,
  ReserveRequest,
} from '../../shared/account/limiter/limiter-command.ts';
import { resolveLimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { computeLimiterState } from '../../shared/account/limiter/limiter-state.ts';
import { type AppliedCommand, applyCommand } from './apply-command.ts';
import { type LimiterRecord, NEW_LIMITER } from './limiter-record.ts';

const settings = resolveLimiterSettings({ probeIntervalMs: 60_000, slowProbeIntervalMs: 10_000 });
const SECOND = 1_000_000;

/** A limiter that is given commands at instants of the test's choice, in seconds after the start. */
const NO_REPORTS: LimiterReports = { seen: 0, stepped: false, sent: [], attempts: [] };
type Purpose =
  | { readonly op: 'report'; readonly reports: LimiterReports }
  | { readonly op: 'reserve'; readonly request: ReserveRequest }
  | { readonly op: 'pause'; readonly reason: string }
  | { readonly op: 'resume' };

class TestLimiter {
  record: LimiterRecord = NEW_LIMITER;
  readonly changes: string[] = [];

  #commands = 0;

  call(purpose: Purpose, atSecond: number, client = 'p'): AppliedCommand {
    this.#commands += 1;
    const command = { reports: NO_REPORTS, ...purpose, client, number: this.#commands };
    const turn = applyCommand(this.record, command, settings, (1_700_000_000 + atSecond) * SECOND);
    this.record = turn.record;
    this.changes.push(...turn.changes.map(({ name, detail }) => `${name}: ${detail}`));
    return turn;
  }

  take(atSecond: number, id = 'p') {
    return this.call({ op: 'reserve', request: { waitedUs: 0, headStartUs: 0, want: 1 } }, atSecond, id)
      .answer;
  }

  /** The slot number of a grant. */
  grant(atSecond: number): number {
    const answer = this.take(atSecond);
    if (answer.kind !== 'reserved')
      throw new Error(`Cannot go on: a slot was expected, received ${answer.kind}`);
    return answer.seq;
  }

  /** Each about a person of its own, unless it says about whom. */
  report(
    atSecond: number,
    ...drawn: readonly (readonly [seq: number, evidence: Evidence, code: string, about?: string])[]
  ): void {
    const attempts = drawn.map(
      ([seq, what, code, about = `p${seq}`]): AttemptReport => [seq, what, code, about],
    );
    this.call({ op: 'report', reports: { ...NO_REPORTS, attempts } }, atSecond);
  }

  state(atSecond: number) {
    return computeLimiterState(this.record, (1_700_000_000 + atSecond) * SECOND);
  }
}

describe('a held lane', () => {
  function makeHeld(): TestLimiter {
    const lane = new TestLimiter();
    lane.report(1, [lane.grant(0), 'account_fault', 'FailedOperation.Arrears']);
    return lane;
  }

  it('says to everyone why, since when and until when', () => {
    const lane = makeHeld();
    expect(lane.take(2)).toMatchObject({ kind: 'closed', status: 'held', reason: 'FailedOperation.Arrears' });
    expect(lane.state(2)).toMatchObject({
      status: 'held',
      reason: 'FailedOperation.Arrears',
      since: 1_700_000_001_000,
      resumesAt: 1_700_000_061_000,
    });
  });

  it('grants one probe per interval, however many ask and however often', () => {
    const lane = makeHeld();
    const granted = Array.from(
      { length: 600 },
      (_, second) => [second, lane.take(2 + second, `p${second % 7}`)] as const,
    )
      .filter(([, answer]) => answer.kind === 'reserved')
      .map(([second, answer]) => ({ second: second + 2, probe: answer.kind === 'reserved' && answer.probe }));
    expect(granted).toEqual(
      Array.from({ length: 10 }, (_, nth) => ({ second: 61 + nth * 60, probe: true })).filter(
        ({ second }) => second < 602,
      ),
    );
  });

  it('is reported once, not per job', () => {
    const lane = makeHeld();
    for (let second = 2; second < 20; second += 1)
      lane.report(second, [1, 'account_fault', 'FailedOperation.Arrears']);
    expect(lane.changes).toEqual(['held: FailedOperation.Arrears']);
  });

  it('resumes at once when the probe is answered', () => {
    const lane = makeHeld();
    lane.report(62, [lane.grant(61), 'answered', 'Success']);
    expect(lane.state(62)).toMatchObject({ status: 'running' });
    expect(lane.take(62)).toMatchObject({ kind: 'reserved', probe: false });
    expect(lane.changes).toEqual(['held: FailedOperation.Arrears', 'resumed: held']);
  });

  it('is not resumed by the answer to a request that was under way before', () => {
    const lane = new TestLimiter();
    const [early, late] = [lane.grant(0), lane.grant(1)];
    lane.report(2, [late, 'account_fault', 'FailedOperation.Arrears']);
    lane.report(3, [early, 'answered', 'Success'], [late, 'answered', 'Success']);
    expect(lane.state(3).status).toBe('held');
  });

  it('is not held again by a fault from before it resumed', () => {
    const lane = makeHeld();
    const probe = lane.grant(61);
    lane.report(62, [probe, 'answered', 'Success']);
    lane.report(63, [probe - 1, 'account_fault', 'FailedOperation.Arrears']);
    expect(lane.state(63).status).toBe('running');
  });

  it('goes on probing when the prober dies', () => {
    const lane = makeHeld();
    lane.grant(61);
    expect(lane.take(100)).toMatchObject({ kind: 'closed' });
    expect(lane.take(121)).toMatchObject({ kind: 'reserved', probe: true });
  });

  it('gives a probe that was not used to the next who asks', () => {
    const lane = makeHeld();
    const probe = lane.grant(61);
    lane.call({ op: 'report', reports: { ...NO_REPORTS, sent: [[probe, 0]] } }, 62);
    expect(lane.take(62)).toMatchObject({ kind: 'reserved', probe: true });
  });
});

describe('a slow lane', () => {
  it('follows a maintenance code, probes every ten seconds, and runs at full speed after the first answer', () => {
    const lane = new TestLimiter();
    lane.report(1, [lane.grant(0), 'maintenance', 'FailedOperation.CompareLibServiceUnavailable']);
    expect(lane.state(2).status).toBe('slow');
    expect([5, 10, 11, 12, 20, 21].map((second) => lane.take(second).kind)).toEqual([
      'closed',
      'closed',
      'reserved',
      'closed',
      'closed',
      'reserved',
    ]);
    lane.report(22, [lane.record.seq, 'answered', 'Success']);
    expect(lane.state(22).status).toBe('running');
  });

  it.each<{ name: string; evidence: Evidence[]; status: string }>([
    { name: 'follows 16 transient failures in a row', evidence: repeat('failed', 16), status: 'slow' },
    { name: 'does not follow 15', evidence: repeat('failed', 15), status: 'running' },
    {
      name: 'follows 16 transient failures among the last 20 attempts',
      evidence: [...repeat('answered', 4), ...repeat('failed', 16)],
      status: 'slow',
    },
    {
      name: 'does not follow failures that answers are mixed with',
      evidence: repeat('failed', 30).map((failed, nth) => (nth % 4 === 0 ? 'answered' : failed)),
      status: 'running',
    },
  ])('$name', ({ evidence, status }) => {
    const lane = new TestLimiter();
    for (const [nth, each] of evidence.entries())
      lane.report(nth * 2 + 1, [lane.grant(nth * 2), each, 'Code']);
    expect(lane.state(evidence.length * 2).status).toBe(status);
  });

  it.each([1, 4, 15])('does not follow %i people about whom every attempt fails', (people) => {
    const lane = new TestLimiter();
    for (let nth = 0; nth < 400; nth += 1)
      lane.report(nth * 2 + 1, [lane.grant(nth * 2), 'failed', 'Code', `a${nth % people}`]);
    expect(lane.state(800).status).toBe('running');
  });

  it('follows the sixteenth, whatever came between their attempts', () => {
    const lane = new TestLimiter();
    for (let nth = 0; nth <= 150; nth += 1)
      lane.report(nth * 2 + 1, [lane.grant(nth * 2), 'failed', 'Code', `a${Math.floor(nth / 10)}`]);
    expect(lane.state(320).status).toBe('slow');
  });

  it('takes a person who is answered at last for answered', () => {
    const lane = new TestLimiter();
    const about = (nth: number) => `a${nth % 16}`;
    for (let nth = 0; nth < 15; nth += 1)
      lane.report(nth * 2 + 1, [lane.grant(nth * 2), 'failed', 'Code', about(nth)]);
    lane.report(31, [lane.grant(30), 'answered', 'Success', about(0)]);
    lane.report(33, [lane.grant(32), 'failed', 'Code', about(15)]);
    expect(lane.state(34).status).toBe('running');
    lane.report(35, [lane.grant(34), 'failed', 'Code', about(0)]);
    expect(lane.state(36).status).toBe('slow');
  });

  it('is not slowed again by transient failures for one probe interval after an operator has resumed it', () => {
    const lane = new TestLimiter();
    const fail = (from: number, to: number) => {
      for (let half = from * 2; half < to * 2; half += 1)
        lane.report(half / 2 + 0.4, [lane.grant(half / 2), 'failed', 'Code']);
    };
    fail(0, 8);
    expect(lane.state(8).status).toBe('slow');
    lane.call({ op: 'resume' }, 8);
    fail(8, 17.5);
    expect(lane.state(17.6).status).toBe('running');
    fail(18, 18.5);
    expect(lane.state(19).status).toBe('slow');
    lane.call({ op: 'resume' }, 19);
    lane.report(21, [lane.grant(20), 'maintenance', 'M']);
    expect(lane.state(21).status).toBe('slow');
  });

  it('becomes held when its probe meets an account fault, and a held one slow when its probe meets maintenance', () => {
    const lane = new TestLimiter();
    lane.report(1, [lane.grant(0), 'maintenance', 'M']);
    lane.report(12, [lane.grant(11), 'account_fault', 'A']);
    expect(lane.state(12)).toMatchObject({ status: 'held', reason: 'A' });
    lane.report(73, [lane.grant(72), 'maintenance', 'M']);
    expect(lane.state(73)).toMatchObject({ status: 'slow', reason: 'M' });
  });
});

describe('a person whose every attempt meets a fault of the account', () => {
  const fault = (limiter: TestLimiter, second: number, about: string) =>
    limiter.report(second + 0.5, [limiter.grant(second), 'account_fault', 'Arrears', about]);
  const answer = (limiter: TestLimiter, second: number, about: string) =>
    limiter.report(second + 0.5, [limiter.grant(second), 'answered', 'Success', about]);

  it('closes it once, while others are answered', () => {
    const limiter = new TestLimiter();
    fault(limiter, 0, 'unlucky');
    for (let second = 61; second < 600; second += 60) {
      answer(limiter, second, `p${second}`);
      fault(limiter, second + 1, 'unlucky');
      expect(limiter.state(second + 2).status).toBe('running');
    }
    expect(limiter.changes).toEqual(['held: Arrears', 'resumed: held']);
  });

  it('does not turn a slow one into a held one, either', () => {
    const limiter = new TestLimiter();
    fault(limiter, 0, 'unlucky');
    answer(limiter, 61, 'other');
    limiter.report(63, [limiter.grant(62), 'maintenance', 'M', 'other']);
    fault(limiter, 80, 'unlucky');
    expect(limiter.state(81)).toMatchObject({ status: 'slow', reason: 'M' });
  });

  it('closes it again for another person, and again once answered', () => {
    const limiter = new TestLimiter();
    fault(limiter, 0, 'unlucky');
    answer(limiter, 61, 'other');
    fault(limiter, 62, 'other');
    expect(limiter.state(63).status).toBe('held');
    answer(limiter, 140, 'unlucky');
    fault(limiter, 141, 'unlucky');
    expect(limiter.state(142).status).toBe('held');
  });

  it('is remembered beside nineteen others', () => {
    const limiter = new TestLimiter();
    const close = (nth: number, about: string) => {
      fault(limiter, nth * 200, about);
      answer(limiter, nth * 200 + 100, 'other');
    };
    close(0, 'unlucky');
    for (let nth = 1; nth <= 19; nth += 1) close(nth, `p${nth}`);
    fault(limiter, 20 * 200, 'unlucky');
    expect(limiter.state(20 * 200 + 1).status).toBe('running');
    close(21, 'p20');
    fault(limiter, 22 * 200, 'unlucky');
    expect(limiter.state(22 * 200 + 1).status).toBe('held');
  });
});

describe('a paused lane', () => {
  it('grants nothing, not even probes, until it is resumed', () => {
    const lane = new TestLimiter();
    lane.report(0.5, [lane.grant(0), 'account_fault', 'checking the bill']);
    lane.call({ op: 'pause', reason: 'moving house' }, 1);
    expect([2, 61, 600, 3600].map((second) => lane.take(second).kind)).toEqual([
      'closed',
      'closed',
      'closed',
      'closed',
    ]);
    expect(lane.state(3600)).toMatchObject({
      status: 'paused',
      reason: 'moving house',
      since: 1_700_000_001_000,
    });
    expect(lane.state(3600)).not.toHaveProperty('resumesAt');
    lane.call({ op: 'resume' }, 3601);
    expect(lane.take(3601)).toMatchObject({ kind: 'reserved', probe: false });
    expect(lane.changes).toEqual([
      'held: checking the bill',
      'paused: moving house',
      'resumed: held',
      'resumed: paused',
    ]);
  });
});

function repeat(evidence: Evidence, times: number): Evidence[] {
  return Array.from({ length: times }, () => evidence);
}
