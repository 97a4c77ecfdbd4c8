import type { Command } from 'commander';
import { plural } from '../shared/contract/plural.ts';
import { type ConsoleSessions, createConsoleSessions } from '../shared/store/operators/console-sessions.ts';
import { type CliContext, withConnection } from './context.ts';
import { formatTime } from './terminal.ts';

/** `veriqueue console sessions …`: on Redis directly, so that a session can be ended without the console. */
export function addConsoleCommands(program: Command, context: CliContext): void {
  const sessions = program
    .command('console')
    .description("the operators' page")
    .command('sessions')
    .description('who is signed in there');
  sessions
    .command('list')
    .description('when each session began, and when it was last used')
    .action(() => list(context));
  sessions
    .command('revoke')
    .description('end them all, with their event streams; operators sign in again')
    .action(() => revoke(context));
}

async function withSessions<T>(
  context: CliContext,
  work: (sessions: ConsoleSessions) => Promise<T>,
): Promise<T> {
  return withConnection(context, ({ redis, keys }) => work(createConsoleSessions(redis, keys)));
}

async function list(context: CliContext): Promise<void> {
  const found = await withSessions(context, (sessions) => sessions.list(context.now()));
  const ordered = [...found].sort((a, b) => a.begunAt - b.begunAt);
  context.terminal.show(
    ordered.map(({ begunAt, usedAt }) => ({
      begunAt: new Date(begunAt).toISOString(),
      usedAt: new Date(usedAt).toISOString(),
    })),
    context.terminal.table(
      ['SIGNED IN', 'LAST USED'],
      ordered.map(({ begunAt, usedAt }) => [formatTime(begunAt), formatTime(usedAt)]),
      'No sessions.',
    ),
  );
}

async function revoke(context: CliContext): Promise<void> {
  const revoked = await withSessions(context, (sessions) => sessions.endAll(context.now()));
  context.terminal.show({ revoked }, `${plural(revoked, 'session is', 'sessions are')} ended.`);
}
