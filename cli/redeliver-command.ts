import { redeliver } from '../shared/store/endpoints/redeliver.ts';
import {
  countRange,
  type RangeRedelivery,
  type RedeliveryRange,
  redeliverRange,
} from '../shared/store/endpoints/redeliver-range.ts';
import { CommandFailure } from './command-failure.ts';
import type { Connection } from './connection.ts';
import { type CliContext, withConnection } from './context.ts';
import { reportPassedBy } from './report-passed-by.ts';

export interface RedeliverOptions {
  /** ms epoch */
  readonly since?: number;
  readonly until?: number;
  readonly client?: string;
  readonly dead?: true;
}

export async function redeliverEvents(
  context: CliContext,
  id: string | undefined,
  options: RedeliverOptions,
): Promise<void> {
  if (id !== undefined) {
    if (Object.keys(options).length > 0) {
      throw new CommandFailure('Give an id, or a range (--since, --dead), not both', 2);
    }
    return redeliverOne(context, id);
  }
  if (options.since === undefined && options.dead !== true) {
    throw new CommandFailure('Give an id, --since or --dead', 2);
  }
  await redeliverMany(context, {
    events: options.dead === true ? 'dead' : 'resting',
    clientId: options.client ?? null,
    since: options.since ?? 0,
    // What dies again while this runs is not picked up again.
    until: Math.min(options.until ?? Number.POSITIVE_INFINITY, context.now()),
  });
}

async function redeliverOne(context: CliContext, id: string): Promise<void> {
  const redelivery = await withConnection(context, (connection) => redeliver(connection, id));
  switch (redelivery.status) {
    case 'redelivered':
      return context.terminal.show({ id, status: redelivery.status }, `${id} is on its way again.`);
    case 'not_due':
      throw new CommandFailure(`The event of ${id} is already under way (${redelivery.delivery})`);
    case 'unanswered':
      throw new CommandFailure(`${id} has no outcome yet, so it has no event`);
    case 'missing':
      throw new CommandFailure(`No verification ${id}`);
    default:
      redelivery satisfies never;
  }
}

async function redeliverMany(context: CliContext, range: RedeliveryRange): Promise<void> {
  const { counts, interruptedAt } = await withConnection(context, (connection) =>
    redeliverWatched(context, connection, range),
  );
  const { found, redelivered, notDue, unanswered, missing, unreadable } = counts;
  context.terminal.show(
    { ...counts, interruptedAt: interruptedAt === null ? null : new Date(interruptedAt).toISOString() },
    `${redelivered} of ${found} events are on their way again; left alone: ${notDue} under way, ${unanswered} without an outcome, ${missing} gone, ${unreadable} unreadable.`,
  );
  if (interruptedAt !== null) {
    const since = new Date(interruptedAt).toISOString();
    throw new CommandFailure(`Interrupted: run it again with --since ${since} for the rest`);
  }
}

async function redeliverWatched(
  { terminal, interrupted }: CliContext,
  connection: Connection,
  range: RedeliveryRange,
): Promise<RangeRedelivery> {
  const progress = terminal.progress('Redelivering', await countRange(connection, range));
  try {
    return await redeliverRange(connection, range, {
      signal: interrupted,
      onProgress: ({ found }) => progress.update(found),
      report: reportPassedBy(terminal),
    });
  } finally {
    progress.stop();
  }
}
