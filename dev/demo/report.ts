import Table from 'cli-table3';
import type { Outcome } from '../../shared/contract/verification.ts';
import type { Entry } from './find-faults.ts';
import type { QuotaUse } from './quota-use.ts';
import type { ReceivedEvent } from './receiver.ts';

/** Verifications that ended alike. */
interface Group {
  readonly verdict: Outcome['verdict'];
  readonly code: string;
  readonly action: string;
  readonly billed: boolean;
  readonly attempts: readonly number[];
  /** From submission to the event's arrival. */
  readonly answerMs: readonly number[];
}

const VERDICTS = ['match', 'no_match', 'unverifiable', 'error'] as const;

/** The verdicts by code, with how many attempts and how long they took. */
export function renderVerdicts(
  entries: readonly Entry[],
  events: ReadonlyMap<string, ReceivedEvent>,
  { isColored }: { readonly isColored: boolean },
): string {
  const table = new Table({
    head: ['verdict', 'code', 'people', 'attempts', 'billed', 'median', 'slowest', 'what to do next'],
    colAligns: ['left', 'left', 'right', 'right', 'left', 'right', 'right', 'left'],
    style: {
      compact: true,
      ...(isColored ? { head: ['bold'], border: ['gray'] } : { head: [], border: [] }),
    },
  });
  for (const group of groupAlike(entries, events)) {
    table.push([
      group.verdict,
      group.code,
      group.attempts.length,
      describeRange(group.attempts),
      group.billed ? 'yes' : 'no',
      seconds(median(group.answerMs)),
      seconds(Math.max(...group.answerMs)),
      group.action,
    ]);
  }
  return table.toString();
}

function groupAlike(entries: readonly Entry[], events: ReadonlyMap<string, ReceivedEvent>): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { accepted, submittedAt } of entries) {
    const received = events.get(accepted.id);
    const outcome = received?.event.data.outcome;
    if (!received || !outcome) continue;
    const { verdict, code, action, billed } = outcome;
    const before = groups.get(`${verdict} ${code}`);
    groups.set(`${verdict} ${code}`, {
      verdict,
      code,
      action,
      billed,
      attempts: [...(before?.attempts ?? []), received.event.data.attempts.length],
      answerMs: [...(before?.answerMs ?? []), received.receivedAt - submittedAt],
    });
  }
  return [...groups.values()].sort(
    (a, b) =>
      VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) || b.attempts.length - a.attempts.length,
  );
}

/** What the lane did with its quota, in three lines. */
export function renderQuotaUse({ calls, refused, quota, maxInRollingSecond, backlog }: QuotaUse): string {
  const { sent, arrived } = maxInRollingSecond;
  const use =
    backlog === null
      ? 'not measured: the backlog was gone too soon'
      : `${percent(backlog.perSecond / quota)} while all had been submitted and some not yet been asked about (${(backlog.durationMs / 1000).toFixed(1)} s)`;
  // The sandbox notes an arrival when it gets a turn on a processor it shares with everything else here.
  const late = arrived > quota && sent <= quota ? ', having noted some of them late' : '';
  return [
    `Upstream calls          ${calls}, of which refused as too fast: ${refused}`,
    `Largest rolling second  ${sent} calls sent (allowed: ${quota}); the sandbox counted ${arrived}${late}`,
    `Quota in use            ${use}`,
  ].join('\n');
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function describeRange(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least}–${most}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
