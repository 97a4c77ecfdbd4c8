import { z } from 'zod';

/** What the lane did with its quota. */
export interface QuotaUse {
  readonly quota: number;
  readonly calls: number;
  /** For coming too fast. */
  readonly refused: number;
  /** Most calls within any 1000 ms: as the workers sent them, and as the sandbox saw them arrive. */
  readonly maxInRollingSecond: { readonly sent: number; readonly arrived: number };
  /** While everything was submitted and at least one person had not been asked about yet; null when that was too short to measure. */
  readonly backlog: { readonly perSecond: number; readonly durationMs: number } | null;
}

const statistics = z.object({
  requests: z.number(),
  rejected: z.number(),
  maxInRollingSecond: z.number(),
});

const callLog = z.object({
  people: z.array(z.object({ recent: z.array(z.object({ at: z.number() })) })),
});

/**
 * Asks the sandbox, which counts on its own.
 *
 * @param sentAt of every attempt, ms epoch
 * @param submittedAt of the last submission, ms epoch
 */
export async function readQuotaUse(
  sandboxUrl: string,
  facts: { readonly quota: number; readonly sentAt: readonly number[]; readonly submittedAt: number },
): Promise<QuotaUse> {
  const [stats, calls] = await Promise.all([
    readJson(`${sandboxUrl}/sandbox/stats`, statistics),
    readJson(`${sandboxUrl}/sandbox/calls`, callLog),
  ]);
  const arrivals = calls.people.map(({ recent }) => recent.map(({ at }) => at));
  return {
    quota: facts.quota,
    calls: stats.requests,
    refused: stats.rejected,
    maxInRollingSecond: {
      sent: computeMaxInRollingSecond(facts.sentAt),
      arrived: stats.maxInRollingSecond,
    },
    backlog: computeBacklogRate(arrivals, facts.submittedAt),
  };
}

/** @param times ms epoch, in any order */
export function computeMaxInRollingSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const counts = sorted.map((at, index) => index + 1 - sorted.findIndex((earlier) => at - earlier < 1000));
  return Math.max(0, ...counts);
}

const SHORTEST_MEASURED_MS = 1_000;

/**
 * Calls per second from the last submission until the last person was first asked about. In between every slot had a person
 * who wanted it; before, submissions may come slower than slots, and afterwards retries wait for their time.
 *
 * @param arrivals of each person's calls, ms epoch, oldest first
 */
export function computeBacklogRate(
  arrivals: readonly (readonly number[])[],
  submittedAt: number,
): QuotaUse['backlog'] {
  const until = Math.max(0, ...arrivals.flatMap(([first]) => first ?? []));
  const between = arrivals.flat().filter((at) => at >= submittedAt && at <= until);
  const durationMs = until - Math.min(...between);
  if (!(durationMs >= SHORTEST_MEASURED_MS)) return null;
  // n calls span n - 1 intervals.
  return { perSecond: ((between.length - 1) / durationMs) * 1000, durationMs };
}

async function readJson<T extends z.ZodType>(url: string, schema: T): Promise<z.output<T>> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered with status ${answer.status}`);
  return schema.parse(await answer.json());
}
