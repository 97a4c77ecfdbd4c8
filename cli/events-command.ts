import { type Command, Option } from 'commander';
import type { EventsGone, FeedEvent } from '../client/veriqueue.ts';
import { eventTypes } from '../shared/contract/event-type.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseLimit, parseSequence } from './arguments.ts';
import type { CliContext } from './context.ts';
import { formatTime, printable } from './terminal.ts';

interface EventsOptions extends ApiOptions {
  readonly after: number;
  readonly type?: FeedEvent['type'];
  readonly follow?: true;
  readonly limit?: number;
}

const help = `
Numbers go up by one. Events that are kept no more are one line that says which. With --follow it waits for
further ones, through outages too, and ends with Ctrl-C and exit code 0.`;

/** `veriqueue events`: everything the client was or will be sent, in the order of its numbers. */
export function addEventsCommand(program: Command, context: CliContext): void {
  const command = program
    .command('events')
    .description("this client's events in the order of their numbers, delivered or not, a line for each")
    .option('--after <number>', 'from behind this number on', parseSequence, 0)
    .addOption(new Option('--type <type>', 'of this type only').choices(Object.values(eventTypes)))
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

function describeEvent(event: FeedEvent | EventsGone): string {
  if (event.type === 'events.gone') return `${event.from} to ${event.sequence}  kept no more`;
  const { id, reference, outcome } = event.data;
  const words = [
    String(event.sequence),
    formatTime(Date.parse(event.timestamp)),
    event.type,
    id,
    outcome === null ? '-' : `${outcome.verdict} (${outcome.code})`,
    reference === null ? '' : `reference ${reference}`,
  ];
  return words
    .filter((word) => word !== '')
    .map(printable)
    .join('  ');
}
