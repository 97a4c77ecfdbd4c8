import type { LimiterCommand } from '../../shared/account/limiter/limiter-command.ts';
import { computeJoinMs, type LimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { type ClockBounds, observe } from '../../shared/account/limiter/redis-clock.ts';
import type { AppliedCommand } from './apply-command.ts';
import { type LimiterRecord, NEW_LIMITER } from './limiter-record.ts';

/**
 * Worker processes, a Redis and an upstream in virtual time. Everything that can be late is, by amounts drawn from
 * `random`; Redis' clock can step and its limiter can be lost. What is under test is the decision and the clock bounds;
 * the processes follow the protocol of `Waiters`: one command at a time, cancel what is too late, report what was sent.
 */
export interface Simulation {
  readonly decide: (
    record: LimiterRecord,
    call: LimiterCommand,
    settings: LimiterSettings,
    nowUs: number,
  ) => AppliedCommand;
  readonly settings: LimiterSettings;
  readonly processes: number;
  readonly seconds: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Mean time a process waits before it wants the next slot; 0: always wants one. */
  readonly thinkMs: number;
  /** Longest ordinary lateness of a timer; one in fifty is ten times as late. */
  readonly timerLateMs: number;
  /** Share of the replies that are lost, so that their commands are sent again. */
  readonly lostReplies: number;
  /** Longest one-way trip to Redis. */
  readonly redisMs: number;
  /** Most the way to the upstream varies. */
  readonly networkMs: number;
  /** Times (ms) at which a random process dies; another takes its place 300 ms later. */
  readonly crashesAt: readonly number[];
  /** Times at which a random process stands still for `stopMs`. */
  readonly stopsAt: readonly number[];
  readonly stopMs: number;
  /** Times at which Redis loses the limiter. */
  readonly lossesAt: readonly number[];
  /** Times at which Redis' clock steps, by milliseconds. */
  readonly stepsAt: readonly (readonly [atMs: number, byMs: number])[];
}

export interface Simulated {
  /** When requests reached the upstream, by the one true clock, in order. */
  readonly arrivals: readonly number[];
  readonly calls: number;
}

interface Process {
  readonly id: string;
  /** Its monotonic clock reads this much more than the true one. */
  readonly monotonicMs: number;
  alive: boolean;
  stoppedUntil: number;
  seen: number;
  commands: number;
  stepped: boolean;
  bounds: ClockBounds | undefined;
  /** By the true clock; infinite until it has looked for the first time. */
  reservesFrom: number;
  sent: (readonly [number, number])[];
  wantsSince: number;
}

const EPOCH_MS = 1_700_000_000_000;

export function simulate(sim: Simulation): Simulated {
  const { random, settings } = sim;
  const agenda: { atMs: number; order: number; run: () => void }[] = [];
  const arrivals: number[] = [];
  let trueMs = 0;
  let order = 0;
  let clockMs = EPOCH_MS;
  let record = NEW_LIMITER;
  let calls = 0;
  let spawned = 0;
  const processes: Process[] = [];

  const at = (atMs: number, run: () => void) => {
    order += 1;
    agenda.push({ atMs, order, run });
  };
  /** Something the process does: not before it goes on when it stands still, and never after its death. */
  const act = (process: Process, atMs: number, run: () => void) =>
    at(atMs, () => {
      if (!process.alive) return;
      if (trueMs < process.stoppedUntil) act(process, process.stoppedUntil, run);
      else run();
    });
  const lateness = () => random() * sim.timerLateMs * (random() < 0.02 ? 10 : 1);
  const monotonic = (process: Process) => trueMs + process.monotonicMs;

  function spawn(): void {
    spawned += 1;
    const process: Process = {
      id: `p${spawned}`,
      monotonicMs: Math.floor(random() * 1e6),
      alive: true,
      stoppedUntil: 0,
      seen: 0,
      commands: 0,
      stepped: false,
      bounds: undefined,
      reservesFrom: Number.POSITIVE_INFINITY,
      sent: [],
      wantsSince: 0,
    };
    processes.push(process);
    act(process, trueMs + random() * 50, () => want(process));
  }

  function want(process: Process): void {
    const thinkMs = sim.thinkMs === 0 ? 0 : -Math.log(1 - random()) * sim.thinkMs;
    act(process, trueMs + thinkMs, () => {
      process.wantsSince = trueMs;
      ask(process);
    });
  }

  function ask(process: Process): void {
    const sentMs = monotonic(process);
    const { seen, stepped, sent } = process;
    process.sent = [];
    process.stepped = false;
    const waitedUs = Math.round((trueMs - process.wantsSince) * 1000);
    process.commands += 1;
    const sender = {
      client: process.id,
      number: process.commands,
      reports: { seen, stepped, sent, attempts: [] },
    };
    const command: LimiterCommand =
      trueMs < process.reservesFrom
        ? { op: 'report', ...sender }
        : { op: 'reserve', ...sender, request: { waitedUs, headStartUs: 0, want: 1 } };
    send(process, command, sentMs);
  }

  function send(process: Process, command: LimiterCommand, sentMs: number): void {
    // On its way the command no longer depends on its process.
    at(trueMs + random() * sim.redisMs, () => {
      calls += 1;
      const nowUs = Math.floor((trueMs + clockMs) * 1000);
      const turn = sim.decide(record, command, settings, nowUs);
      record = turn.record;
      // Its reply is lost with the connection, and ioredis sends the command again.
      if (random() < sim.lostReplies) act(process, trueMs + 60, () => send(process, command, sentMs));
      else act(process, trueMs + random() * sim.redisMs, () => received(process, turn, sentMs));
    });
  }

  function received(process: Process, reply: AppliedCommand, sentMs: number): void {
    const { answer } = reply;
    const receivedMs = monotonic(process);
    const observed = observe(process.bounds, {
      sentMs,
      receivedMs,
      redisMs: reply.nowUs / 1000,
    });
    process.bounds = observed.bounds;
    process.seen = Math.max(process.seen, reply.seq);
    if (process.reservesFrom === Number.POSITIVE_INFINITY) {
      const joinMs = reply.seq === 0 ? 0 : computeJoinMs(settings);
      process.reservesFrom = trueMs + joinMs;
      act(process, process.reservesFrom, () => ask(process));
      return;
    }
    const due = (us: number) => Math.max(trueMs, us / 1000 - observed.bounds.lowMs - process.monotonicMs);
    if (observed.kind === 'stepped') {
      process.stepped = true;
      if (answer.kind === 'reserved') process.sent.push([answer.seq, 0]);
      ask(process);
    } else if (answer.kind === 'wait') {
      act(process, due(answer.dueUs) + lateness(), () => ask(process));
    } else if (answer.kind === 'reserved') {
      const slotUs = answer.atUs[0] ?? 0;
      // A due slot is used in the same turn of the event loop; only waiting for it brings lateness.
      const wakeMs = due(slotUs);
      act(process, wakeMs > trueMs ? wakeMs + lateness() : trueMs, () => use(process, answer.seq, slotUs));
    } else {
      act(process, trueMs + 100, () => ask(process));
    }
  }

  function use(process: Process, seq: number, slotUs: number): void {
    const latestMs = () => monotonic(process) + (process.bounds?.highMs ?? Number.POSITIVE_INFINITY);
    if (latestMs() > (slotUs + settings.toleranceUs) / 1000) {
      process.sent.push([seq, 0]);
      ask(process);
      return;
    }
    arrivals.push(trueMs + random() * sim.networkMs);
    act(process, trueMs + random() * 0.5, () => {
      process.sent.push([seq, Math.ceil(latestMs() * 1000)]);
      want(process);
    });
  }

  const anyone = () => processes.filter(({ alive }) => alive)[Math.floor(random() * sim.processes)];
  for (let count = 0; count < sim.processes; count += 1) spawn();
  for (const atMs of sim.crashesAt) {
    at(atMs, () => {
      const victim = anyone();
      if (!victim) return;
      victim.alive = false;
      at(trueMs + 300, spawn);
    });
  }
  for (const atMs of sim.stopsAt) {
    at(atMs, () => {
      const stopped = anyone();
      if (stopped) stopped.stoppedUntil = trueMs + sim.stopMs;
    });
  }
  for (const atMs of sim.lossesAt) {
    at(atMs, () => {
      record = NEW_LIMITER;
    });
  }
  for (const [atMs, byMs] of sim.stepsAt) {
    at(atMs, () => {
      clockMs += byMs;
    });
  }

  while (agenda.length > 0) {
    const next = agenda.reduce((a, b) =>
      b.atMs < a.atMs || (b.atMs === a.atMs && b.order < a.order) ? b : a,
    );
    if (next.atMs > sim.seconds * 1000) break;
    agenda.splice(agenda.indexOf(next), 1);
    trueMs = Math.max(trueMs, next.atMs);
    next.run();
  }
  return { arrivals: arrivals.sort((a, b) => a - b), calls };
}
