import { plural } from '../../shared/contract/plural.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { BatchPaths } from './ledger.ts';
import type { BatchReport } from './run-batch.ts';

export function reportCheck(
  { terminal, interrupted, exitWith }: CliContext,
  {
    rows,
    blank,
    bad,
    badFile,
  }: { readonly rows: number; readonly blank: number; readonly bad: number; readonly badFile: string },
): void {
  const isFinished = !interrupted.aborted;
  const where = bad > 0 ? `: see ${badFile}` : '';
  terminal.show(
    { rows, blank, bad, isFinished, badRows: bad > 0 ? badFile : null },
    `${rows} rows checked, ${bad} bad${where}.${describeBlank(blank)} Nothing was submitted.`,
  );
  exitWith(exitCodeOf(isFinished, bad));
}

export function reportBatch(
  { terminal, exitWith }: CliContext,
  report: BatchReport,
  { paths, awaitsVerdicts }: { readonly paths: BatchPaths; readonly awaitsVerdicts: boolean },
): void {
  const { rows, blank, accepted, acceptedNow, bad, unknown, answered, verdicts, isFinished } = report;
  const files = {
    results: paths.results,
    badRows: bad + unknown > 0 ? paths.bad : null,
    journal: paths.journal,
  };
  const lines = [
    `${accepted} of ${rows} rows are submitted, ${acceptedNow} of them in this run.${describeBlank(blank)}`,
    awaitsVerdicts ? `${answered} are answered: ${describeVerdicts(verdicts)}.` : '',
    bad > 0 ? `${bad} are bad: see ${paths.bad}` : '',
    unknown > 0 ? `Of ${unknown} it is unknown whether they are: see ${paths.bad}` : '',
    `Results: ${paths.results}`,
  ];
  terminal.show({ ...report, ...files }, lines.filter((line) => line !== '').join('\n'));
  if (!isFinished)
    terminal.remark('Stopped before the end: the same command goes on where this one stopped.');
  exitWith(exitCodeOf(isFinished, bad + unknown));
}

function describeBlank(blank: number): string {
  return blank === 0 ? '' : ` ${plural(blank, 'blank row was', 'blank rows were')} skipped.`;
}

function describeVerdicts(verdicts: BatchReport['verdicts']): string {
  const some = Object.entries(verdicts).filter(([, count]) => count > 0);
  return some.map(([verdict, count]) => `${count} ${verdict}`).join(', ') || 'none yet';
}

function exitCodeOf(isFinished: boolean, badRows: number): number {
  if (!isFinished) return EXIT.unfinished;
  return badRows > 0 ? EXIT.badRows : EXIT.done;
}
