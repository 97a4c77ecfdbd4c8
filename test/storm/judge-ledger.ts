import { groupBy } from './group-by.ts';
import type { JobFacts, StormFacts } from './storm-facts.ts';

export interface LedgerJudgement {
  /** Calls that arrived at the upstream beyond those the ledger counts. */
  readonly missing: number;
  /** Codes that the ledger counts more often than the upstream answered them. */
  readonly twice: readonly { readonly code: string; readonly ledger: number; readonly upstream: number }[];
  /** Calls the ledger counts beyond those that arrived, less the attempts whose request may never have left. */
  readonly unexplained: number;
}

/** Attempts that are noted though it is unknown whether a request arrived: the process that sent it was gone. */
const MAYBE_NEVER_SENT = new Set([
  'Veriqueue.WorkerCrashed',
  'Veriqueue.Interrupted',
  'Veriqueue.ConnectionReset',
]);

/** Our own codes are words for "no code was read", which the upstream's log does not know. */
const isOwn = (code: string): boolean => code.startsWith('Veriqueue.');

/** Null where the pipeline keeps no ledger. */
export function judgeLedger(
  { usage, calls, shown }: StormFacts,
  jobs: readonly JobFacts[],
): LedgerJudgement | null {
  if (usage === null || shown === null) return null;
  const counted = new Map<string, number>();
  for (const { code, billed, unbilled, unknown } of usage) {
    counted.set(code, (counted.get(code) ?? 0) + billed + unbilled + unknown);
  }
  const answered = groupBy(calls, ({ code }) => code);
  const total = [...counted.values()].reduce((sum, count) => sum + count, 0);
  const surplus = total - calls.length;
  const excuses = jobs
    .flatMap(({ job }) => shown.get(job)?.attempts ?? [])
    .filter((code) => MAYBE_NEVER_SENT.has(code)).length;
  return {
    missing: Math.max(0, -surplus),
    twice: [...counted]
      .filter(([code]) => !isOwn(code))
      .map(([code, ledger]) => ({ code, ledger, upstream: answered.get(code)?.length ?? 0 }))
      .filter(({ ledger, upstream }) => ledger > upstream),
    unexplained: Math.max(0, surplus - excuses),
  };
}
