import type { FaultEntry } from './logs.ts';
import type { JobFacts } from './storm-facts.ts';

/** How long calls that a killed worker had under way waited until they were made again. In ms; null without any. */
export interface Recovery {
  readonly count: number;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
  /** Of calls whose worker was killed while no other fault was at work from then until they were made again. */
  readonly maxAloneMs: number | null;
}

/** A socket is closed this much after its process was killed, at the latest. */
const CLOSED_WITHIN_MS = 500;

export function computeRecovery(jobs: readonly JobFacts[], faults: readonly FaultEntry[]): Recovery {
  const kills = faults.filter(({ kind }) => kind === 'worker_kill');
  const waits = jobs.flatMap((job) =>
    job.calls.flatMap(({ abandonedAt }) => {
      if (abandonedAt === null || !kills.some(({ at }) => isSoonAfter(abandonedAt, at))) return [];
      const next = nextSignOfLife(job, abandonedAt);
      return next === null ? [] : [{ from: abandonedAt, ms: next - abandonedAt }];
    }),
  );
  const all = waits.map(({ ms }) => ms).sort((a, b) => a - b);
  const alone = waits.filter(({ from, ms }) => isAlone(from, from + ms, faults)).map(({ ms }) => ms);
  return {
    count: all.length,
    p95Ms: all[Math.ceil(all.length * 0.95) - 1] ?? null,
    maxMs: all.at(-1) ?? null,
    maxAloneMs: alone.length === 0 ? null : Math.max(...alone),
  };
}

const isSoonAfter = (time: number, cause: number): boolean =>
  time >= cause - 50 && time <= cause + CLOSED_WITHIN_MS;

/** The next call about the same person, or the event. */
function nextSignOfLife({ calls, posts }: JobFacts, after: number): number | null {
  const signs = [...calls, ...posts].map(({ at }) => at).filter((at) => at > after);
  return signs.length === 0 ? null : Math.min(...signs);
}

function isAlone(from: number, until: number, faults: readonly FaultEntry[]): boolean {
  const others = faults.filter((fault) => fault.at <= until && fault.until >= from - CLOSED_WITHIN_MS);
  return others.length <= 1;
}
