import { describe, expect, it } from 'vitest';
import type { SentSlot } from '../../shared/account/limiter/limiter-command.ts';
import { resolveLimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { applyCommand } from './apply-command.ts';
import { type LimiterRecord, NEW_LIMITER } from './limiter-record.ts';

/**
 * Two processes and three slots a second: every order of what they can do next, from a limiter whose last slots were used at
 * their instants, and from one whose slots were used as late as the tolerance allows. A process that has a slot sends at its instant, as late as the tolerance allows, or
 * too late, as after a stop; what Redis carries out is one event, because it runs a script at a time.
 */
const QUOTA = 3;
const WINDOW_MS = 1_000;
const EPOCH_MS = 1_700_000_000_000;
const settings = resolveLimiterSettings({ quotaPerSecond: QUOTA });
const TOLERANCE_MS = settings.toleranceUs / 1_000;

type Decide = typeof applyCommand;

interface Asking {
  readonly id: string;
  readonly commands: number;
  readonly seen: number;
  /** By how much Redis' clock was ahead when it answered last. */
  readonly aheadMs: number | null;
  readonly stepped: boolean;
  readonly sent: readonly SentSlot[];
  readonly slot: { readonly seq: number; readonly atMs: number } | null;
  readonly waitsUntilMs: number;
}

type Fault = 'crash' | 'stop' | 'loss' | 'step';

interface State {
  readonly nowMs: number;
  readonly aheadMs: number;
  readonly record: LimiterRecord;
  readonly processes: readonly Asking[];
  readonly sends: readonly number[];
  readonly left: readonly Fault[];
}

const fresh = (id: string): Asking => ({
  id,
  commands: 0,
  seen: 0,
  aheadMs: null,
  stepped: false,
  sent: [],
  slot: null,
  waitsUntilMs: 0,
});

const replace = ({ processes }: State, process: Asking, by: Asking): readonly Asking[] =>
  processes.map((each) => (each.id === process.id ? by : each));

const without = (left: readonly Fault[], fault: Fault): readonly Fault[] => {
  const at = left.indexOf(fault);
  return [...left.slice(0, at), ...left.slice(at + 1)];
};

function ask(state: State, process: Asking, decide: Decide): State {
  const { nowMs, aheadMs } = state;
  const nowUs = Math.round((nowMs + aheadMs + EPOCH_MS) * 1_000);
  const { seen, stepped, sent, id } = process;
  const commands = process.commands + 1;
  const reports = { seen, stepped, sent, attempts: [] };
  const request = { waitedUs: 0, headStartUs: 0, want: 1 };
  const command = { op: 'reserve', client: id, number: commands, reports, request } as const;
  const { record, answer, seq } = decide(state.record, command, settings, nowUs);
  const learned: Asking = {
    ...process,
    commands,
    seen: Math.max(seen, seq),
    aheadMs,
    stepped: false,
    sent: [],
    slot: null,
    waitsUntilMs: nowMs,
  };
  const toTrue = (us: number): number => us / 1_000 - EPOCH_MS - aheadMs;
  const after = (by: Asking): State => ({ ...state, record, processes: replace(state, process, by) });
  if (process.aheadMs !== null && process.aheadMs !== aheadMs) {
    const unused: readonly SentSlot[] = answer.kind === 'reserved' ? [[answer.seq, 0]] : [];
    return after({ ...learned, stepped: true, sent: unused });
  }
  if (answer.kind === 'reserved') {
    return after({ ...learned, slot: { seq: answer.seq, atMs: toTrue(answer.atUs[0] ?? 0) } });
  }
  if (answer.kind === 'wait') return after({ ...learned, waitsUntilMs: toTrue(answer.dueUs) });
  throw new Error(`Nothing closes this limiter, received ${answer.kind}`);
}

/** What one process can do now. */
function moves(state: State, process: Asking, decide: Decide): State[] {
  const { nowMs, left } = state;
  const found: State[] = [];
  if (left.includes('crash')) {
    const spawned = fresh(`${process.id}'`);
    found.push({ ...state, processes: replace(state, process, spawned), left: without(left, 'crash') });
  }
  const { slot } = process;
  if (slot === null) {
    if (nowMs >= process.waitsUntilMs) found.push(ask(state, process, decide));
    return found;
  }
  if (nowMs > slot.atMs + TOLERANCE_MS) {
    found.push(ask(state, { ...process, sent: [[slot.seq, 0]], slot: null }, decide));
  } else if (nowMs >= slot.atMs) {
    const sentUs = Math.ceil((nowMs + (process.aheadMs ?? 0) + EPOCH_MS) * 1_000);
    const idle: Asking = {
      ...process,
      slot: null,
      sent: [...process.sent, [slot.seq, sentUs]],
      waitsUntilMs: nowMs,
    };
    found.push({ ...state, processes: replace(state, process, idle), sends: [...state.sends, nowMs] });
  }
  return found;
}

const STEPS_MS = [-2_000, -150, 150, 2_000];

function next(state: State, decide: Decide): State[] {
  const { nowMs, processes, left } = state;
  const found = processes.flatMap((process) => moves(state, process, decide));
  const dues = processes
    .map(({ slot, waitsUntilMs }) => slot?.atMs ?? waitsUntilMs)
    .filter((due) => due > nowMs)
    .sort((a, b) => a - b);
  const [due] = dues;
  // Each asks as soon as it may: a process that waits for nothing is one that was stopped.
  const isAsking = processes.some(({ slot, waitsUntilMs }) => slot === null && waitsUntilMs <= nowMs);
  if (due !== undefined && !isAsking)
    found.push({ ...state, nowMs: due }, { ...state, nowMs: due + TOLERANCE_MS });
  if (left.includes('stop')) {
    const late = (due ?? nowMs) + TOLERANCE_MS + WINDOW_MS / 2;
    found.push({ ...state, nowMs: late, left: without(left, 'stop') });
  }
  if (left.includes('loss')) found.push({ ...state, record: NEW_LIMITER, left: without(left, 'loss') });
  if (left.includes('step')) {
    for (const byMs of STEPS_MS) {
      found.push({ ...state, aheadMs: state.aheadMs + byMs, left: without(left, 'step') });
    }
  }
  return found;
}

/** The most sends that fell into one rolling second. */
function most(sends: readonly number[]): number {
  return sends.reduce((found, last) => {
    const within = sends.filter((each) => each <= last && each > last - WINDOW_MS).length;
    return Math.max(found, within);
  }, 0);
}

/** Without what no decision looks at again. */
function keyOf({ record, sends, nowMs, ...rest }: State): string {
  const { replies: _, tallies: __, slots, ...numbers } = record;
  const recent = sends.filter((each) => each > nowMs - WINDOW_MS);
  return JSON.stringify([rest, nowMs, recent, sends.length, numbers, [...slots]]);
}

const WARM_MS = 2_500;

/** Until the limiter knows a second and both processes have had an answer: each does what it can, `lateMs` after it may. */
function warmUp(start: State, lateMs: number, decide: Decide): State {
  let state = start;
  while (state.nowMs < WARM_MS) {
    const [move] = state.processes.flatMap((process) => moves({ ...state, left: [] }, process, decide));
    const dues = state.processes.map(({ slot, waitsUntilMs }) => slot?.atMs ?? waitsUntilMs);
    const later = Math.min(...dues.filter((due) => due > state.nowMs));
    state = { ...(move ?? { ...state, nowMs: later + lateMs }), left: start.left };
  }
  return state;
}

function search(
  faults: readonly Fault[],
  depth: number,
  decide: Decide = applyCommand,
): { states: number; worst: number; sends: number } {
  let states = 0;
  let worst = 0;
  let sends = 0;
  const start: State = {
    nowMs: 0,
    aheadMs: 0,
    record: NEW_LIMITER,
    processes: [fresh('a'), fresh('b')],
    sends: [],
    left: faults,
  };
  let level = [0, TOLERANCE_MS].map((lateMs) => warmUp(start, lateMs, decide));
  const before = Math.min(...level.map((state) => state.sends.length));
  for (let at = 0; at < depth; at += 1) {
    const found = new Map<string, State>();
    for (const state of level) {
      for (const each of next(state, decide)) found.set(keyOf(each), each);
    }
    level = [...found.values()];
    states += level.length;
    for (const state of level) {
      worst = Math.max(worst, most(state.sends));
      sends = Math.max(sends, state.sends.length - before);
    }
  }
  return { states, worst, sends };
}

describe('the rolling bound, over every order of two processes', () => {
  it.each<readonly [string, readonly Fault[], number]>([
    ['without a fault', [], 16],
    ['with a crash', ['crash'], 12],
    ['with a stop', ['stop'], 12],
    ['with a crash and a stop', ['crash', 'stop'], 10],
    ['with a step of the clock', ['step'], 12],
    ['with a lost log', ['loss'], 13],
  ])('holds %s', (_, faults, depth) => {
    const { states, worst, sends } = search(faults, depth);
    expect(sends).toBeGreaterThanOrEqual(2);
    expect(states).toBeGreaterThan(1_000);
    expect(worst).toBeLessThanOrEqual(QUOTA);
  });

  it('is broken by a log that believes slots were used at their instants, which this search finds', () => {
    const believing: Decide = (record, command, given, nowUs) =>
      applyCommand(
        record,
        { ...command, reports: { ...command.reports, sent: [] } },
        { ...given, toleranceUs: 0 },
        nowUs,
      );
    expect(search([], 14, believing).worst).toBeGreaterThan(QUOTA);
  });
});
