import { z } from 'zod';
import { plural } from '../shared/contract/plural.ts';
import {
  countRange,
  type RangeRedelivery,
  type RedeliveryRange,
  redeliverRange,
} from '../shared/store/endpoints/redeliver-range.ts';
import { type OperatorApi, openOperatorApi } from './access/operator-api.ts';
import { CommandFailure } from './command-failure.ts';
import type { Connection } from './connection.ts';
import { type CliContext, withConnection } from './context.ts';
import { withOperations } from './operations/with-operations.ts';
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
  const access = await context.findOperatorAccess();
  if (access !== null) return redeliverDead(context, openOperatorApi(access, context.interrupted), options);
  await redeliverMany(context, {
    events: options.dead === true ? 'dead' : 'resting',
    clientId: options.client ?? null,
    since: options.since ?? 0,
    // What dies again while this runs is not picked up again.
    until: Math.min(options.until ?? Number.POSITIVE_INFINITY, context.now()),
  });
}

async function redeliverOne(context: CliContext, id: string): Promise<void> {
  await withOperations(context, (operations) => operations.redeliver(id));
  context.terminal.show({ id, status: 'redelivered' }, `${id} is on its way again.`);
}

const begun = z.object({ status: z.enum(['redelivering', 'already_redelivering']) });

/** Over the operators' API: the producer sends them by itself. */
async function redeliverDead(
  context: CliContext,
  api: OperatorApi,
  options: RedeliverOptions,
): Promise<void> {
  if (options.since !== undefined || options.until !== undefined) {
    throw new CommandFailure(
      "A period can be redelivered on Redis alone: set REDIS_URL, and leave the operators' API out",
      2,
    );
  }
  const { client } = options;
  const request = { method: 'POST', path: 'dead-letters/redeliver', body: { client } } as const;
  const { status } = await api.ask(request, begun);
  const verb = status === 'redelivering' ? 'is sending' : 'was already sending';
  context.terminal.show(
    { status },
    `The producer ${verb} the dead letters. veriqueue doctor counts what is left of them.`,
  );
}

async function redeliverMany(context: CliContext, range: RedeliveryRange): Promise<void> {
  const { counts, interruptedAt } = await withConnection(context, (connection) =>
    redeliverWatched(context, connection, range),
  );
  const { found, redelivered, notDue, unanswered, missing, unreadable } = counts;
  context.terminal.show(
    { ...counts, interruptedAt: interruptedAt === null ? null : new Date(interruptedAt).toISOString() },
    `${redelivered} of ${plural(found, 'event')} sent again; left alone: ${notDue} under way, ${unanswered} without an outcome, ${missing} gone, ${unreadable} unreadable.`,
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
