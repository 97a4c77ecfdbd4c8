import { setTimeout as sleep } from 'node:timers/promises';
import { inflict, type Stage } from './inflict.ts';
import type { FaultEntry } from './logs.ts';
import { FAULTS, type Fault, type FaultGroup } from './schedule.ts';

/** Carries a schedule out: faults begin when the work has come to their position, and overlap within bounds. */
export interface Weather {
  readonly entries: readonly FaultEntry[];
  /** Resolves when a job may begin: no fault due before it still waits for its turn. */
  gate(job: number): Promise<void>;
  /** Resolves when every fault has begun and ended. */
  run(): Promise<void>;
}

/** More at once would leave no cause to be named. */
const AT_ONCE = 4;
/** Jobs that may begin past a fault that waits for another one of its group to end. */
const SLACK_JOBS = 6;
/** A fault waits for so many calls under way, and for so long at most: what hits an idle system proves nothing. */
const OCCASION = { calls: 5, withinMs: 4_000 };
/** While one waits, jobs may begin ahead of their time, as long as so many are left for each fault to come. */
const KEPT_JOBS = 4;
const AHEAD_EVERY_MS = 40;
/** A system that is stuck gets the next fault all the same. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 20;

export interface WeatherOptions {
  readonly jobs: number;
  /** Submissions that have begun. */
  readonly begun: () => number;
  /** Calls that the upstream has not answered. */
  readonly callsUnderWay: () => number;
  readonly signal: AbortSignal;
}

export function createWeather(
  stage: Stage,
  schedule: readonly Fault[],
  { jobs, begun, callsUnderWay, signal }: WeatherOptions,
): Weather {
  const entries: FaultEntry[] = [];
  const waiting = [...schedule];
  const busy = new Set<FaultGroup>();
  const running = new Set<Promise<void>>();
  const ahead = { wanted: 0, at: 0 };
  const mayGoAhead = (job: number): boolean => {
    const isTime = ahead.wanted > 0 && Date.now() - ahead.at > AHEAD_EVERY_MS;
    if (!isTime || jobs - job < waiting.length * KEPT_JOBS) return false;
    ahead.at = Date.now();
    return true;
  };
  const awaitOccasion = async (): Promise<void> => {
    const until = Date.now() + OCCASION.withinMs;
    ahead.wanted += 1;
    while (callsUnderWay() < OCCASION.calls && Date.now() < until && !signal.aborted) {
      await sleep(LOOK_EVERY_MS);
    }
    ahead.wanted -= 1;
  };

  const start = (fault: Fault): void => {
    const { group } = FAULTS[fault.kind];
    busy.add(group);
    let at = Date.now();
    const run = awaitOccasion()
      .then(() => {
        at = Date.now();
        return inflict(stage, fault);
      })
      .catch((error: unknown) => `skipped: ${error instanceof Error ? error.message : String(error)}`)
      .then((note) => {
        entries.push({ id: fault.id, kind: fault.kind, at, until: Date.now(), note });
        busy.delete(group);
        running.delete(run);
      });
    running.add(run);
  };
  return {
    entries,
    async gate(job) {
      const isAhead = () => (waiting[0]?.atJob ?? Number.POSITIVE_INFINITY) + SLACK_JOBS < job;
      while (!signal.aborted && isAhead() && !mayGoAhead(job)) await sleep(LOOK_EVERY_MS);
    },
    async run() {
      let quietSince = Date.now();
      let seen = 0;
      while (waiting.length > 0 && !signal.aborted) {
        if (begun() !== seen) [seen, quietSince] = [begun(), Date.now()];
        const isOverdue = Date.now() - quietSince > PATIENCE_MS;
        const next = waiting.findIndex(({ kind }) => !busy.has(FAULTS[kind].group));
        const fault = waiting[next];
        if (fault !== undefined && running.size < AT_ONCE && (fault.atJob <= begun() || isOverdue)) {
          waiting.splice(next, 1);
          start(fault);
          quietSince = Date.now();
        }
        await sleep(LOOK_EVERY_MS);
      }
      await Promise.all(running);
    },
  };
}
