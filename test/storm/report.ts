import Table from 'cli-table3';
import { INVARIANTS, type Invariant } from './judge.ts';
import type { StormReport } from './run-storm.ts';

const invariants = Object.keys(INVARIANTS) as readonly Invariant[];

export const countBreaches = ({ judgement }: StormReport, invariant: Invariant): number =>
  judgement.breaches.filter((breach) => breach.invariant === invariant).length;

/** One column per storm, and one for all of them. */
export function renderTotals(reports: readonly StormReport[]): string {
  const table = new Table({
    head: ['', ...reports.map(({ name }) => name), 'all'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const sumRow = (name: string, read: (report: StormReport) => number) => {
    const values = reports.map(read);
    table.push([name, ...values.map(String), String(values.reduce((sum, value) => sum + value, 0))]);
  };
  const worstRow = (name: string, read: (report: StormReport) => number | null) => {
    const values = reports.map(read);
    table.push([name, ...values.map(show), show(values.reduce(worse, null))]);
  };
  sumRow('jobs', ({ jobs }) => jobs);
  sumRow('faults', ({ judgement }) => judgement.faults);
  sumRow('  of them skipped', ({ judgement }) => judgement.skippedFaults);
  sumRow('accepted', ({ judgement }) => judgement.accepted);
  sumRow('events acknowledged', ({ judgement }) => judgement.acknowledged);
  sumRow('upstream calls', ({ judgement }) => judgement.calls);
  sumRow('posts to the receiver', ({ judgement }) => judgement.posts);
  sumRow('redelivered by the operator', ({ judgement }) => judgement.redelivered);
  sumRow('jobs set aside', ({ judgement }) => judgement.setAside);
  sumRow('paid twice', ({ judgement }) => judgement.paidTwice);
  sumRow('marked in caution', ({ judgement }) => judgement.markedInCaution);
  sumRow('  of them without any cause', ({ judgement }) => judgement.markedWithoutCause.length);
  worstRow('most arrivals in a rolling second', ({ judgement }) => judgement.mostInRollingSecond);
  sumRow('calls cut by a kill', ({ judgement }) => judgement.recovery.count);
  worstRow('  asked again, p95 ms', ({ judgement }) => judgement.recovery.p95Ms);
  worstRow('  asked again, max ms', ({ judgement }) => judgement.recovery.maxMs);
  worstRow('  max ms under the kill alone', ({ judgement }) => judgement.recovery.maxAloneMs);
  worstRow('longest wait for an event, ms', ({ judgement }) => judgement.waits.longestMs);
  worstRow('longest without a call, ms', ({ judgement }) => judgement.waits.standstillMs);
  worstRow('seconds', ({ seconds }) => Math.round(seconds));
  for (const invariant of invariants) {
    sumRow(`BROKEN ${invariant}`, (report) => countBreaches(report, invariant));
  }
  return table.toString();
}

const show = (value: number | null): string => (value === null ? '-' : String(value));
const worse = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
