import { type Command, CommanderError } from 'commander';
import { EnvironmentError, parseEnvironment } from '../../shared/config/environment.ts';
import { describeRedisError } from '../../shared/redis/failure.ts';
import { CommandFailure } from './command-failure.ts';
import { openConnection } from './connection.ts';
import type { CliContext } from './context.ts';
import { findRedisUrl, readKeyRing } from './data-folder.ts';
import { openEventSender } from './event-sender.ts';
import { buildProgram } from './program.ts';
import { type CliSettings, cliEnvironment } from './settings.ts';
import { createTerminal } from './terminal.ts';

/** @returns the exit code: 0 done, 1 failed, 2 called wrongly */
async function main(): Promise<number> {
  const interruption = new AbortController();
  // Once: whoever presses Ctrl-C twice does not want to wait for an orderly end.
  process.once('SIGINT', () => interruption.abort());
  process.once('SIGTERM', () => interruption.abort());
  // The reader of our output may have seen enough (`| head`).
  process.stdout.on('error', () => process.exit(0));
  try {
    const settings = parseEnvironment(cliEnvironment, process.env);
    const program = buildProgram((root) => makeContext(root, settings, interruption.signal));
    throwInsteadOfExit(program);
    await program.parseAsync(process.argv);
    return 0;
  } catch (error) {
    return explain(error);
  }
}

function makeContext(program: Command, settings: CliSettings, interrupted: AbortSignal): CliContext {
  const allowInsecureCallbacks = settings.ALLOW_INSECURE_CALLBACKS ?? settings.REDIS_URL === undefined;
  return {
    terminal: createTerminal({
      stdout: process.stdout,
      stderr: process.stderr,
      json: () => program.opts()['json'] === true,
      color: settings.NO_COLOR === undefined && process.stdout.isTTY === true,
    }),
    connect: async () => openConnection(await findRedisUrl(settings), settings.LANE),
    readKeyRing: () => readKeyRing(settings),
    openEventSender: () => openEventSender(allowInsecureCallbacks),
    allowInsecureCallbacks,
    interrupted,
    now: Date.now,
  };
}

/** Each command has the setting of its own. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}

function explain(error: unknown): 0 | 1 | 2 {
  if (error instanceof CommanderError) {
    // It has told the user already. Help that was asked for is no mistake.
    return error.exitCode === 0 ? 0 : 2;
  }
  const message = error instanceof EnvironmentError ? error.message : describeRedisError(error);
  process.stderr.write(`error: ${message.replace(/\s*\n\s*/g, '; ')}\n`);
  if (error instanceof CommandFailure) return error.exitCode;
  return error instanceof EnvironmentError ? 2 : 1;
}

main().then((code) => process.exit(code));
