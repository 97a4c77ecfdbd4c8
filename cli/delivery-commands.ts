import { type Command, Option } from 'commander';
import type { DeliveryAttempt } from '../shared/contract/delivery-log.ts';
import { readRecord } from '../shared/store/verifications/read.ts';
import { readDeliveryLog } from '../shared/store/verifications/read-delivery-log.ts';
import type { VerificationRecord } from '../shared/store/verifications/verification-record.ts';
import { parseLimit, parseTime } from './arguments.ts';
import { CommandFailure } from './command-failure.ts';
import { type CliContext, withConnection } from './context.ts';
import { findDeliveries, type TroubledStatus, troubledStatuses } from './find-deliveries.ts';
import { formatDuration } from './format-duration.ts';
import type { RedeliverOptions } from './redeliver-command.ts';
import { reportPassedBy } from './report-passed-by.ts';
import { formatTime, printable, type Terminal } from './terminal.ts';
import { sendTestEvent } from './test-event-command.ts';

interface ListOptions {
  readonly client?: string;
  readonly status?: TroubledStatus;
  readonly limit: number;
}

/** `veriqueue deliveries …`: seeing and repairing. */
export function addDeliveryCommands(program: Command, context: CliContext): void {
  const deliveries = program.command('deliveries').description('events on their way to the clients');
  deliveries
    .command('list')
    .description('events that are held, dead or waiting for another attempt')
    .option('--client <client>', 'of one client only')
    .addOption(new Option('--status <status>', 'in one state only').choices(troubledStatuses))
    .option('--limit <n>', 'at most so many', parseLimit, 50)
    .action((options: ListOptions) => list(context, options));
  deliveries
    .command('show')
    .description('one event: its state and every attempt to deliver it')
    .argument('<id>', 'the verification (ver_…)')
    .action((id: string) => show(context, id));
  deliveries
    .command('redeliver')
    .description('deliver one event again, or those of a period, or the dead letters')
    .argument('[id]', 'the verification (ver_…)')
    .option('--since <time>', 'submitted (with --dead: given up) since', parseTime)
    .option('--until <time>', 'and until; now unless given', parseTime)
    .option('--client <client>', 'of one client only')
    .option('--dead', 'dead letters only')
    .action(async (id: string | undefined, options: RedeliverOptions) => {
      const { redeliverEvents } = await import('./redeliver-command.ts');
      await redeliverEvents(context, id, options);
    });
  deliveries
    .command('test')
    .description('send a signed webhook.test event to an endpoint of a client, once')
    .requiredOption('--client <client>')
    .option('--url <url>', "instead of the client's default callback; of an allowed origin")
    .action((options: { client: string; url?: string }) => sendTestEvent(context, options));
}

async function list(context: CliContext, { client, status, limit }: ListOptions): Promise<void> {
  const records = await withConnection(context, (connection) =>
    findDeliveries(connection, {
      statuses: status === undefined ? troubledStatuses : [status],
      clientId: client ?? null,
      limit,
      report: reportPassedBy(context.terminal),
    }),
  );
  const rows = records.map((record) => [
    record.id,
    record.clientId,
    record.delivery.status,
    String(record.delivery.attempts),
    record.delivery.nextAttemptAt === null ? '-' : formatTime(record.delivery.nextAttemptAt),
    record.outcome?.code ?? '-',
  ]);
  const headings = ['VERIFICATION', 'CLIENT', 'DELIVERY', 'ATTEMPTS', 'NEXT ATTEMPT', 'OUTCOME'];
  context.terminal.show(
    records.map(presentDelivery),
    context.terminal.table(headings, rows, 'No deliveries that want attention.'),
  );
}

async function show(context: CliContext, id: string): Promise<void> {
  const { record, attempts } = await withConnection(context, async ({ redis, keys }) => {
    const reading = await readRecord(redis, keys, id);
    if (reading.status === 'missing') throw new CommandFailure(`No verification ${id}`);
    if (reading.status === 'unreadable') {
      throw new CommandFailure(`${id} has damaged fields in Redis: ${reading.fields.join(', ')}`);
    }
    return { record: reading.record, attempts: await readDeliveryLog(redis, keys, id) };
  });
  context.terminal.show(
    { ...presentDelivery(record), log: attempts },
    `${describeDelivery(context.terminal, record)}\n\n${describeAttempts(context.terminal, attempts)}`,
  );
}

function presentDelivery(record: VerificationRecord): Record<string, unknown> {
  const { nextAttemptAt, status, attempts } = record.delivery;
  return {
    id: record.id,
    clientId: record.clientId,
    status,
    attempts,
    nextAttemptAt: nextAttemptAt === null ? null : new Date(nextAttemptAt).toISOString(),
    callbackUrl: record.callbackUrl,
    outcome: record.outcome?.code ?? null,
  };
}

function describeDelivery(terminal: Terminal, record: VerificationRecord): string {
  const { status, attempts, nextAttemptAt } = record.delivery;
  return terminal.pairs({
    verification: record.id,
    client: record.clientId,
    outcome: record.outcome?.code ?? `none (${record.status})`,
    callback: record.callbackUrl ?? "the client's default",
    delivery: status,
    attempts: String(attempts),
    'next attempt': nextAttemptAt === null ? '-' : formatTime(nextAttemptAt),
  });
}

const SHOWN_ANSWER = 60;

function describeAttempts(terminal: Terminal, attempts: readonly DeliveryAttempt[]): string {
  const rows = attempts.map(({ at, durationMs, status, errorClass, answer }) => [
    formatTime(Date.parse(at)),
    formatDuration(durationMs),
    status === null ? (errorClass ?? '-') : String(status),
    printable(answer).slice(0, SHOWN_ANSWER) || '-',
  ]);
  return terminal.table(['ATTEMPT', 'TOOK', 'RESULT', 'ANSWER'], rows, 'No attempts.');
}
