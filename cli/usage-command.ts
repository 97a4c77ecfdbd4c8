import type { Command } from 'commander';
import { plural } from '../shared/contract/plural.ts';
import type { OperatorUsage } from '../shared/contract/usage.ts';
import {
  countDays,
  DEFAULT_USAGE_DAYS,
  defaultUsagePeriod,
  isUsablePeriod,
  LEDGER_DAYS,
} from '../shared/store/verifications/usage-period.ts';
import { parseDay } from './arguments.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { withOperations } from './operations/with-operations.ts';
import { describeBudget } from './present-budget.ts';
import { addReconcileCommand } from './reconcile-command.ts';
import type { Terminal } from './terminal.ts';

interface UsageOptions {
  readonly from?: string;
  readonly to?: string;
  readonly client?: string;
}

/** `veriqueue usage`: the ledger, to be held against the upstream's bill. */
export function addUsageCommand(program: Command, context: CliContext): void {
  const usage = program
    .command('usage')
    .description('upstream calls by day (+08:00), client and code, and by account: billed, unbilled, unknown')
    .option('--from <day>', `first day, ${DEFAULT_USAGE_DAYS - 1} days ago unless given`, parseDay)
    .option('--to <day>', 'last day, today unless given', parseDay)
    .option('--client <client>', 'of one client only')
    .action((options: UsageOptions) => show(context, options));
  addReconcileCommand(usage, context);
}

async function show(context: CliContext, options: UsageOptions): Promise<void> {
  const usual = defaultUsagePeriod(context.now());
  const period = { from: options.from ?? usual.from, to: options.to ?? usual.to };
  if (!isUsablePeriod(period)) {
    throw new CommandFailure(
      `The period must have 1 to ${LEDGER_DAYS} days, but has ${Math.max(0, countDays(period))}`,
      2,
    );
  }
  const report = await withOperations(context, (operations) =>
    operations.readUsage(period, options.client ?? null),
  );
  context.terminal.show(report, formatReport(context.terminal, report));
}

function formatReport(
  terminal: Terminal,
  { from, to, data, total, budget, accounts }: OperatorUsage,
): string {
  const rows = data.map(({ day, clientId, code, billed, unbilled, unknown }) => [
    day,
    clientId,
    code,
    ...[billed, unbilled, unknown].map(String),
  ]);
  const totals = [
    'total',
    '',
    plural(total.calls, 'call'),
    ...[total.billed, total.unbilled, total.unknown].map(String),
  ];
  const table = terminal.table(
    ['DAY', 'CLIENT', 'CODE', 'BILLED', 'UNBILLED', 'UNKNOWN'],
    data.length === 0 ? [] : [...rows, totals],
    `No calls from ${from} to ${to}.`,
  );
  const ofAccounts = accounts.map(({ account, ...sum }) => [
    account,
    ...[sum.billed, sum.unbilled, sum.unknown].map(String),
  ]);
  return [
    table,
    ...(accounts.length === 0
      ? []
      : [terminal.table(['ACCOUNT', 'BILLED', 'UNBILLED', 'UNKNOWN'], ofAccounts, '')]),
    ...(budget === null ? [] : [terminal.pairs(describeBudget(budget))]),
  ].join('\n\n');
}
