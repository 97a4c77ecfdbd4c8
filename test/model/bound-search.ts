import { hash } from 'node:crypto';
import type { SentSlot } from '../../shared/account/limiter/limiter-command.ts';
import { computeJoinMs, resolveLimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import type { applyCommand } from './apply-command.ts';
import { type LimiterRecord, NEW_LIMITER } from './limiter-record.ts';

/**
 * Two processes and three slots a second: every order of what they can do next, from a limiter whose last slots were used at
 * their instants, and from one whose slots were used as late as the tolerance allows. A process that has a slot sends at its
 * instant, as late as the tolerance allows, or too late, as after a stop; what Redis carries out is one event, because it runs
 * a script at a time.
 */
export const QUOTA = 3;
const WINDOW_MS = 1_000;
const EPOCH_MS = 1_700_000_000_010;
/** Everything happens at multiples of this, so that the states are finite in number. */
const GRID_MS = 45;

/**
 * Durations near those of production that are multiples of the grid; the window stays the binding rule. The margin stays:
 * narrowed a little every hundred calls, it would make no two states alike.
 */
const settings = {
  ...resolveLimiterSettings({ quotaPerSecond: QUOTA }),
  marginStartUs: 80_000,
  spacingPermille: 750,
  horizonUs: GRID_MS * 1_000,
  toleranceUs: GRID_MS * 1_000,
  pollUs: 6 * GRID_MS * 1_000,
  marginDownCalls: 1_000_000_000,
  marginFirstDownCalls: 1_000_000_000,
};
const TOLERANCE_MS = settings.toleranceUs / 1_000;
const JOIN_MS = Math.ceil(computeJoinMs(settings) / GRID_MS) * GRID_MS;

/** Carries out a command: the model, or the script that it is the model of. */
export type Decide = typeof applyCommand;

interface Asking {
  readonly id: string;
  readonly commands: number;
  readonly seen: number;
  /** By how much Redis' clock was ahead when it answered last. */
  readonly aheadMs: number | null;
  readonly stepped: boolean;
  /** What it has found behind its connection and not reported yet. */
  readonly newHistory: string | undefined;
  readonly sent: readonly SentSlot[];
  readonly slot: { readonly seq: number; readonly atMs: number; readonly atUs: number } | null;
  readonly waitsUntilMs: number;
}

export const FAULTS = ['crash', 'stop', 'loss', 'step', 'failover'] as const;
export type Fault = (typeof FAULTS)[number];

/** Commands that a failover may have forgotten. */
const MOST_FORGOTTEN = 4;

interface State {
  readonly nowMs: number;
  readonly aheadMs: number;
  readonly record: LimiterRecord;
  /** The records before, the latest first, as long as a failover may come. */
  readonly past: readonly LimiterRecord[];
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
  newHistory: undefined,
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

const toRedisUs = ({ nowMs, aheadMs }: State): number => Math.round((nowMs + aheadMs + EPOCH_MS) * 1_000);

const rememberPast = ({ left, record, past }: State): readonly LimiterRecord[] =>
  left.includes('failover') ? [record, ...past].slice(0, MOST_FORGOTTEN) : [];

/** Looks for the first time, and waits where slots are in use. */
function join(state: State, process: Asking, decide: Decide): State {
  const { nowMs, aheadMs } = state;
  const reports = { seen: 0, stepped: false, newHistory: process.newHistory, sent: [], attempts: [] };
  const command = { op: 'report', client: process.id, number: 1, reports } as const;
  const { record, seq } = decide(state.record, command, settings, toRedisUs(state));
  const joined: Asking = {
    ...process,
    commands: 1,
    seen: seq,
    aheadMs,
    newHistory: undefined,
    waitsUntilMs: nowMs + (seq === 0 ? 0 : JOIN_MS),
  };
  return { ...state, record, past: rememberPast(state), processes: replace(state, process, joined) };
}

function ask(state: State, process: Asking, decide: Decide): State {
  if (process.aheadMs === null) return join(state, process, decide);
  const { nowMs, aheadMs } = state;
  const { seen, stepped, newHistory, sent, id } = process;
  const commands = process.commands + 1;
  const reports = { seen, stepped, newHistory, sent, attempts: [] };
  const request = { waitedUs: 0, headStartUs: 0, want: 1 };
  const command = { op: 'reserve', client: id, number: commands, reports, request } as const;
  const { record, answer, seq } = decide(state.record, command, settings, toRedisUs(state));
  const learned: Asking = {
    ...process,
    commands,
    seen: Math.max(seen, seq),
    aheadMs,
    stepped: false,
    newHistory: undefined,
    sent: [],
    slot: null,
    waitsUntilMs: nowMs,
  };
  const past = rememberPast(state);
  const toTrue = (us: number): number => us / 1_000 - EPOCH_MS - aheadMs;
  const after = (by: Asking): State => ({ ...state, record, past, processes: replace(state, process, by) });
  if (process.aheadMs !== aheadMs) {
    const unused: readonly SentSlot[] =
      answer.kind === 'reserved' ? [[answer.seq, 0, answer.atUs[0] ?? 0]] : [];
    return after({ ...learned, stepped: true, sent: unused });
  }
  if (answer.kind === 'reserved') {
    const [atUs = 0] = answer.atUs;
    return after({ ...learned, slot: { seq: answer.seq, atMs: toTrue(atUs), atUs } });
  }
  if (answer.kind === 'wait')
    return after({ ...learned, waitsUntilMs: Math.ceil(toTrue(answer.dueUs) / GRID_MS) * GRID_MS });
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
    found.push(ask(state, { ...process, sent: [[slot.seq, 0, slot.atUs]], slot: null }, decide));
  } else if (nowMs >= slot.atMs) {
    const sentUs = Math.ceil((nowMs + (process.aheadMs ?? 0) + EPOCH_MS) * 1_000);
    const idle: Asking = {
      ...process,
      slot: null,
      sent: [...process.sent, [slot.seq, sentUs, slot.atUs]],
      waitsUntilMs: nowMs,
    };
    found.push({ ...state, processes: replace(state, process, idle), sends: [...state.sends, nowMs] });
  }
  return found;
}

const STEPS_MS = [-44, -3, 3, 44].map((steps) => steps * GRID_MS);

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
    const late = (due ?? nowMs) + TOLERANCE_MS + 11 * GRID_MS;
    found.push({ ...state, nowMs: late, left: without(left, 'stop') });
  }
  if (left.includes('loss'))
    found.push({ ...state, record: NEW_LIMITER, past: [], left: without(left, 'loss') });
  if (left.includes('failover')) {
    const takenOver = processes.map((process) => ({ ...process, newHistory: 'h1' }));
    for (const record of state.past)
      found.push({ ...state, record, past: [], processes: takenOver, left: without(left, 'failover') });
  }
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

/** A slot longer ago than this decides nothing any more: the span, and more. */
const SLOT_DECIDES_MS = 25 * GRID_MS;
/** And the newest one than this: even spacing, and more. */
const SPACING_DECIDES_MS = 9 * GRID_MS;

/**
 * A state as what can still come of it: instants from now, numbers from the newest slot, and nothing that no decision looks at.
 * Two states with the same key have the same future.
 */
function keyOf(state: State): string {
  const { record, past, sends, nowMs, left } = state;
  const nowUs = toRedisUs(state);
  return JSON.stringify([
    keyOfRecord(record, nowUs),
    past.map((each) => [each.seq - record.seq, keyOfRecord(each, nowUs)]),
    state.processes.map((process) => keyOfProcess(state, process, nowUs)),
    sends.filter((each) => each > nowMs - WINDOW_MS).map((each) => each - nowMs),
    left,
  ]);
}

function keyOfRecord(record: LimiterRecord, nowUs: number) {
  const since = (us: number, longAgoMs: number): number => Math.max(us - nowUs, -longAgoMs * 1_000);
  const { seq, size } = record;
  return [
    size,
    record.history,
    Math.max(record.from - seq, -size),
    since(record.lastUs, SPACING_DECIDES_MS),
    since(record.silentUntilUs, 0),
    record.formerClockUntilUs === 0 ? null : since(record.formerClockUntilUs, 0),
    since(record.pacedUntilUs, 0),
    Array.from({ length: size }, (_, back) =>
      since(record.slots.get((seq - back) % size) ?? 0, SLOT_DECIDES_MS),
    ),
    record.waiters
      .filter(({ dueUs }) => dueUs + settings.graceUs >= nowUs)
      .map(({ id, keyUs, dueUs }) => [id, Math.sign(keyUs - nowUs), dueUs - nowUs]),
  ];
}

function keyOfProcess({ record: { seq, size }, nowMs, aheadMs }: State, process: Asking, nowUs: number) {
  const { id, seen, aheadMs: known, stepped, newHistory, sent, slot, waitsUntilMs } = process;
  return [
    id,
    newHistory,
    known === null ? null : known - aheadMs,
    Math.max(seen - seq, -1),
    stepped,
    sent.map(([number, us, atUs = 0]) => [
      Math.max(number - seq, -size),
      us === 0 ? null : Math.max(us - nowUs, -SLOT_DECIDES_MS * 1_000),
      Math.max(atUs - nowUs, -SLOT_DECIDES_MS * 1_000),
    ]),
    slot === null
      ? null
      : [
          Math.max(slot.seq - seq, -size),
          Math.max(slot.atMs - nowMs, -TOLERANCE_MS - GRID_MS),
          Math.max(slot.atUs - nowUs, -SLOT_DECIDES_MS * 1_000),
        ],
    Math.max(waitsUntilMs - nowMs, 0),
  ];
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

/** The keys that were met, as digests: a whole search has ten million, and a `Set` holds 16 million at most. */
class KnownStates {
  readonly #shards = Array.from({ length: 256 }, () => new Set<string>());
  size = 0;

  /** @returns whether it is new */
  add(key: string): boolean {
    const digest = hash('md5', key, 'binary');
    const shard = this.#shards[digest.charCodeAt(0)];
    if (shard === undefined || shard.has(digest)) return false;
    shard.add(digest);
    this.size += 1;
    return true;
  }
}

export interface Found {
  /** Different states, the first ones included. */
  readonly states: number;
  readonly commands: number;
  /** The most requests that left within one second. */
  readonly worst: number;
  /** Whether every state was followed to all that can come next. */
  readonly isComplete: boolean;
}

/**
 * Follows every state to all that can come next, until no new one is found or there are `mostStates`.
 *
 * @param report after all that come in the same number of moves
 */
export function searchAll(
  faults: readonly Fault[],
  decide: Decide,
  mostStates: number,
  report: (sofar: { readonly known: number; readonly worst: number }) => void = () => {},
): Found {
  let commands = 0;
  const counting: Decide = (...args) => {
    commands += 1;
    return decide(...args);
  };
  const start: State = {
    nowMs: 0,
    aheadMs: 0,
    record: NEW_LIMITER,
    past: [],
    processes: [fresh('a'), fresh('b')],
    sends: [],
    left: faults,
  };
  let level = [0, TOLERANCE_MS].map((lateMs) => warmUp(start, lateMs, counting));
  const known = new KnownStates();
  for (const state of level) known.add(keyOf(state));
  let worst = 0;
  while (level.length > 0 && known.size < mostStates) {
    const found: State[] = [];
    for (const state of level) {
      for (const each of next(state, counting)) {
        if (!known.add(keyOf(each))) continue;
        const recent = { ...each, sends: each.sends.filter((at) => at > each.nowMs - 2 * WINDOW_MS) };
        worst = Math.max(worst, most(recent.sends));
        found.push(recent);
      }
    }
    level = found;
    report({ known: known.size, worst });
  }
  return { states: known.size, commands, worst, isComplete: level.length === 0 };
}
