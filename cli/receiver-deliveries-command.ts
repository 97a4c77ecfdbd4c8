import { type Command, Option } from 'commander';
import type { Delivery, EventDelivery } from '../client/veriqueue.ts';
import { deliveryStatus } from '../shared/contract/verification.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseLimit, parseTime } from './arguments.ts';
import type { CliContext } from './context.ts';
import { formatTime } from './terminal.ts';

interface DeliveriesOptions extends ApiOptions {
  readonly status?: Delivery['status'];
  /** ms epoch */
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
}

/** `veriqueue receiver deliveries`: how far a client's events are on their way. */
export function addReceiverDeliveriesCommand(receiver: Command, context: CliContext): void {
  const command = receiver
    .command('deliveries')
    .description('how far your events are on their way, newest first; to your callback without an id')
    .argument('[id]', 'its id (ep_…), as receiver list prints it')
    .addOption(new Option('--status <status>', 'in one state only').choices(deliveryStatus.options))
    .option('--since <time>', 'of verifications submitted then or later', parseTime)
    .option('--until <time>', 'of those submitted earlier than that', parseTime)
    .option('--limit <n>', 'at most so many', parseLimit, 20)
    .action((id: string | undefined, options: DeliveriesOptions) => listDeliveries(context, id, options));
  addApiOptions(command);
}

async function listDeliveries(
  context: CliContext,
  endpoint: string | undefined,
  { status, since, until, limit, ...options }: DeliveriesOptions,
): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const api = openApi(await context.findApi(options));
  const found: EventDelivery[] = [];
  const query = {
    ...{ endpoint, status, limit, signal },
    submittedFrom: since === undefined ? undefined : new Date(since),
    submittedBefore: until === undefined ? undefined : new Date(until),
  };
  for await (const delivery of api.eventDeliveries(query)) found.push(delivery);
  const rows = found.map((each) => [
    each.sequence === null ? '-' : String(each.sequence),
    each.type,
    each.verification ?? '-',
    each.status,
    each.attempts === null ? '-' : String(each.attempts),
    describeLast(each),
    each.nextAttemptAt === null ? '-' : formatTime(Date.parse(each.nextAttemptAt)),
  ]);
  const headings = ['NUMBER', 'TYPE', 'VERIFICATION', 'STATUS', 'ATTEMPTS', 'LAST', 'NEXT'];
  terminal.show(found, terminal.table(headings, rows, 'No deliveries.'));
  if (found.length === limit) terminal.remark(`The newest ${limit}; --limit shows more.`);
}

function describeLast({ lastAttempt: last }: EventDelivery): string {
  return last === null
    ? '-'
    : `${last.status ?? last.errorClass ?? '-'} at ${formatTime(Date.parse(last.at))}`;
}
