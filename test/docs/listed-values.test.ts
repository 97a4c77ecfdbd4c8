import { describe, expect, it } from 'vitest';
import type { BatchPaths } from '../../cli/batch/ledger.ts';
import type { BatchReport } from '../../cli/batch/run-batch.ts';
import { problemTable } from '../../shared/contract/problem.ts';
import type { RedeliveryCounts } from '../../shared/store/endpoints/redeliver-range.ts';
import type { AbandonReason } from '../../worker/upstream/open-exchange.ts';
import type { NotCalled } from '../../worker/verification/call-upstream.ts';
import { codeBlocks, readDocument, tableRows } from '../deployment/documents.ts';
import { CONSOLE_PROBLEMS } from './console-problems.ts';

/** What stands in backticks. */
const codeOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The cells of the row that begins with a name, in whichever table of a page. */
const rowOf = (page: string, name: string): readonly string[] =>
  readDocument(page)
    .split(/\n\n/)
    .flatMap((part) => tableRows(`\n${part}`))
    .find(([first = '']) => codeOf(first).includes(name)) ?? [];

/** Every value of a union, because TypeScript refuses a table that lacks one. */
const valuesOf = <Value extends string>(table: Readonly<Record<Value, true>>) =>
  Object.keys(table).toSorted();

type Withheld = Exclude<NotCalled['status'], 'abandoned'> | Exclude<AbandonReason, 'given_up'>;
const withheld = valuesOf<Withheld>({
  limiter_closed: true,
  claim_lost: true,
  deadline_passed: true,
  held_too_long: true,
  aborted: true,
});

const batchReport = valuesOf<keyof BatchReport | Exclude<keyof BatchPaths, 'bad'> | 'badRows'>({
  ...{ batch: true, rows: true, blank: true, accepted: true, acceptedNow: true, replayed: true, bad: true },
  ...{ unknown: true, answered: true, verdicts: true, isFinished: true },
  ...{ results: true, badRows: true, journal: true },
});

const redeliveryCounts = valuesOf<keyof RedeliveryCounts | 'interruptedAt'>({
  ...{ found: true, redelivered: true, notDue: true, unanswered: true, missing: true, unreadable: true },
  interruptedAt: true,
});

describe('a page that lists values lists all of them', () => {
  it('docs/tracing.md: why a prepared request was not sent', () => {
    const [, meaning = ''] = rowOf('docs/tracing.md', 'veriqueue.withheld');
    expect(codeOf(meaning).toSorted()).toEqual(withheld);
  });

  it('docs/client.md: the codes of a ConflictError', () => {
    const conflicts = Object.entries(problemTable).flatMap(([code, { status }]) =>
      status === 409 && !CONSOLE_PROBLEMS.includes(code) ? [code] : [],
    );
    const [, , advice = ''] = rowOf('docs/client.md', 'ConflictError');
    expect(codeOf(advice).toSorted()).toEqual(['code', ...conflicts].toSorted());
  });

  it('docs/batch.md: what a batch prints as JSON', () => {
    const [, sentence = ''] = /`--json` prints (.+?)\. With/s.exec(readDocument('docs/batch.md')) ?? [];
    expect(codeOf(sentence).toSorted()).toEqual(batchReport);
  });

  it('docs/cli.md: what a redelivery of many counts', () => {
    const block = codeBlocks(readDocument('docs/cli.md'), 'json').find((text) =>
      text.includes('"redelivered"'),
    );
    expect(Object.keys(JSON.parse(block ?? '{}') as object).toSorted()).toEqual(redeliveryCounts);
  });
});
