import { type Command, Option } from 'commander';
import type { Verification } from '../shared/contract/verification.ts';
import { type VerificationStatus, verificationStatuses } from '../shared/contract/verification-status.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseLimit, parseTime } from './arguments.ts';
import type { CliContext } from './context.ts';
import { formatTime, printable, type Terminal } from './terminal.ts';

interface ListOptions extends ApiOptions {
  readonly reference?: string;
  readonly status?: VerificationStatus;
  readonly code?: string;
  /** ms epoch */
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
}

/** `veriqueue list`: a client's verifications, newest first. */
export function addListCommand(program: Command, context: CliContext): void {
  const command = program
    .command('list')
    .description("this client's verifications, newest first")
    .option('--reference <text>', 'with exactly this reference')
    .addOption(new Option('--status <status>', 'in one state only').choices(verificationStatuses))
    .option('--code <code>', 'with this code of the outcome, as in docs/outcomes.md')
    .option('--since <time>', 'submitted then or later', parseTime)
    .option('--until <time>', 'submitted earlier than that', parseTime)
    .option('--limit <n>', 'at most so many', parseLimit, 20)
    .action((options: ListOptions) => list(context, options));
  addApiOptions(command);
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const { reference, status, code, since, until, limit } = options;
  const { terminal, interrupted: signal } = context;
  const api = openApi(await context.findApi(options));
  const found: Verification[] = [];
  const query = {
    ...{ reference, status, code, limit, signal },
    submittedFrom: since === undefined ? undefined : new Date(since),
    submittedBefore: until === undefined ? undefined : new Date(until),
  };
  for await (const verification of api.list(query)) found.push(verification);
  terminal.show(found, describeList(terminal, found));
  if (found.length === limit) terminal.remark(`The newest ${limit}; --limit shows more.`);
}

function describeList(terminal: Terminal, found: readonly Verification[]): string {
  const rows = found.map(({ id, status, reference, outcome, submittedAt, delivery }) => [
    id,
    formatTime(Date.parse(submittedAt)),
    status,
    outcome === null ? '-' : `${outcome.verdict} (${outcome.code})`,
    outcome === null ? '-' : delivery.status,
    reference === null ? '-' : printable(reference),
  ]);
  const headings = ['VERIFICATION', 'SUBMITTED', 'STATUS', 'OUTCOME', 'DELIVERY', 'REFERENCE'];
  return terminal.table(headings, rows, 'No verifications.');
}
