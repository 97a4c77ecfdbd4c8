import type { Command } from 'commander';
import { type Options, stringify } from 'csv-stringify/sync';
import { isUsablePeriod, LEDGER_DAYS } from '../shared/store/verifications/usage-period.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { withOperations } from './operations/with-operations.ts';
import { readBill } from './read-bill.ts';
import { type ReconciledRow, reconcile } from './reconcile.ts';

interface ReconcileOptions {
  readonly dayColumn?: string;
  readonly codeColumn?: string;
  readonly countColumn?: string;
}

/** `veriqueue usage reconcile`: the ledger against the upstream's bill. */
export function addReconcileCommand(usage: Command, context: CliContext): void {
  usage
    .command('reconcile')
    .description("hold the ledger against the upstream's bill, by day and code; prints CSV")
    .argument('<bill>', 'a CSV file with a column of days, and of codes and counts if it has them')
    .option('--day-column <name>', 'what the column of days is called')
    .option('--code-column <name>', 'what the column of codes is called')
    .option('--count-column <name>', 'what the column of charged calls is called')
    .action((file: string, options: ReconcileOptions) => run(context, file, options));
}

const HEADINGS: Readonly<Record<keyof ReconciledRow, string>> = {
  day: 'day',
  code: 'code',
  billed: 'billed',
  unbilled: 'unbilled',
  bill: 'bill',
  difference: 'difference',
  unknownFate: 'unknown_fate',
  countedFree: 'counted_free',
  foreign: 'foreign',
  notOnBill: 'not_on_bill',
};

/** A code comes from the bill: what a spreadsheet would run as a formula is quoted with an apostrophe. A difference is none. */
const CSV: Options = {
  header: true,
  columns: HEADINGS,
  escape_formulas: true,
  cast: { number: (value) => ({ value: String(value), escape_formulas: false }) },
};

async function run(context: CliContext, file: string, options: ReconcileOptions): Promise<void> {
  const { dayColumn, codeColumn, countColumn } = options;
  const lines = await readBill(file, {
    ...(dayColumn === undefined ? {} : { day: dayColumn }),
    ...(codeColumn === undefined ? {} : { code: codeColumn }),
    ...(countColumn === undefined ? {} : { count: countColumn }),
  });
  const days = lines.map(({ day }) => day).toSorted();
  const [from, to] = [days[0], days.at(-1)];
  if (from === undefined || to === undefined) {
    throw new CommandFailure(`${file} has no line`, EXIT.calledWrongly);
  }
  if (!isUsablePeriod({ from, to })) {
    throw new CommandFailure(`${file} must be of ${LEDGER_DAYS} days at most`, EXIT.calledWrongly);
  }
  const usage = await withOperations(context, (operations) => operations.readUsage({ from, to }, null));
  const { rows, unknownNotCharged } = reconcile(usage, lines);
  const sum = (name: 'unknownFate' | 'countedFree' | 'foreign' | 'notOnBill') =>
    rows.reduce((total, row) => total + row[name], 0);
  const total = {
    unknownFate: sum('unknownFate'),
    countedFree: sum('countedFree'),
    foreign: sum('foreign'),
    notOnBill: sum('notOnBill'),
    unknownNotCharged,
  };
  context.terminal.show({ from, to, rows, total }, stringify([...rows], CSV).trimEnd());
  for (const remark of explainTotals(total)) context.terminal.remark(remark);
}

function explainTotals(total: Readonly<Record<string, number>>): readonly string[] {
  const texts = {
    unknownFate: 'charged calls had no readable answer: the upstream carried them out',
    countedFree: 'charged calls are counted as free here: set BILLED_CODES as your contract has it',
    foreign:
      'charged calls were not made by this lane: other lanes, the API Explorer or another user of the account',
    notOnBill:
      'calls counted as billed are not on the bill: it may be incomplete, or your contract does not bill them',
    unknownNotCharged: 'calls without a readable answer were not charged',
  };
  return Object.entries(texts).flatMap(([name, text]) => {
    const count = total[name] ?? 0;
    return count === 0 ? [] : [`${count} ${text}.`];
  });
}
