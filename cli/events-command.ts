import { type Command, Option } from 'commander';
import type { EventType, FeedEntry, FeedEvent, FeedNotice } from '../client/veriqueue.ts';
import { clientEventTypes } from '../shared/contract/event-type.ts';
import { plural } from '../shared/contract/plural.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseLimit, parseSequence } from './arguments.ts';
import type { CliContext } from './context.ts';
import { formatTime, printable } from './terminal.ts';

interface EventsOptions extends ApiOptions {
  readonly after: number;
  readonly type?: EventType;
  readonly follow?: true;
  readonly limit?: number;
}

const help = `
Numbers go up by one. Events that are no longer kept are one line that says which. With --follow it waits for
further ones, through outages too, and ends with Ctrl-C and exit code 0.`;

/** `veriqueue events`: everything the client was or will be sent, in the order of its numbers. */
export function addEventsCommand(program: Command, context: CliContext): void {
  const command = program
    .command('events')
    .description("this client's events in the order of their numbers, delivered or not, a line for each")
    .option('--after <number>', 'from behind this number on', parseSequence, 0)
    .addOption(new Option('--type <type>', 'of this type only').choices(clientEventTypes))
    .option('--follow', 'wait for further ones')
    .option('--limit <n>', 'at most so many', parseLimit)
    .addHelpText('after', help)
    .action((options: EventsOptions) => showEvents(context, options));
  addApiOptions(command);
}

async function showEvents(
  context: CliContext,
  { after, type, follow, limit = Number.POSITIVE_INFINITY, ...options }: EventsOptions,
): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const api = openApi(await context.findApi(options));
  let shown = 0;
  try {
    for await (const event of api.events({ after, type, follow, signal })) {
      terminal.show(event, describeEvent(event));
      shown += 1;
      if (shown >= limit) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (shown === 0) terminal.remark('No events.');
}

function describeEvent(event: FeedEntry): string {
  if (event.type === 'events.gone') return `${event.from} to ${event.sequence}  no longer kept`;
  const words = [
    String(event.sequence),
    formatTime(Date.parse(event.timestamp)),
    event.type,
    ...describeData(event),
  ];
  return words
    .filter((word) => word !== '')
    .map(printable)
    .join('  ');
}

function describeData(event: FeedEvent | FeedNotice): string[] {
  switch (event.type) {
    case 'verification.completed':
    case 'verification.failed': {
      const { id, reference, outcome } = event.data;
      return [
        id,
        outcome === null ? '-' : `${outcome.verdict} (${outcome.code})`,
        ...describeReference(reference),
      ];
    }
    case 'verification.deferred':
    case 'verification.retrying': {
      const { id, code, nextAttemptAt, reference } = event.data;
      return [id, `${code}, again ${formatTime(Date.parse(nextAttemptAt))}`, ...describeReference(reference)];
    }
    case 'delivery.dead': {
      const { eventId, endpoint, attempts, status } = event.data;
      return [
        eventId,
        `${endpoint ?? 'callback'}, ${plural(attempts, 'attempt')}`,
        `status ${status ?? '-'}`,
      ];
    }
    case 'usage.threshold': {
      const { period, date, percent, spent, limit } = event.data;
      return [`${percent} % of the ${period} ${date}`, `${spent} of ${plural(limit, 'call')}`];
    }
    case 'subject.erased':
      return [event.data.id, `by ${event.data.by}`];
    default:
      // A later version of the server has others.
      event satisfies never;
      return [];
  }
}

const describeReference = (reference: string | null): string[] =>
  reference === null ? [] : [`reference ${reference}`];
