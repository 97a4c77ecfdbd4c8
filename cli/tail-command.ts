import { type Command, Option } from 'commander';
import { type LogLevel, logLevel, logsQuery } from '../shared/contract/console-logs.ts';
import { pause } from '../shared/pause.ts';
import { classifyRedisError } from '../shared/store/redis/failure.ts';
import { PassingFailure } from './access/operator-api.ts';
import { parseLatest } from './arguments.ts';
import type { CliContext } from './context.ts';
import type { Operations } from './operations/operations.ts';
import { withOperations } from './operations/with-operations.ts';
import { type ChangeFilter, followChanges } from './tail/follow-changes.ts';
import { followLogs } from './tail/follow-logs.ts';
import { createShownLines, type Followed, type ShownLines } from './tail/shown-lines.ts';
import { printable } from './terminal.ts';

interface TailOptions extends ChangeFilter {
  readonly logs?: true;
  readonly onlyLogs?: true;
  readonly level: LogLevel;
  /** With so many of the latest log lines it begins. */
  readonly lines: number;
}

const help = `
Ends with Ctrl-C, and exit code 0. What happens between two looks, a second apart, is one line: the last state.
--logs adds what producers and workers log: warnings and errors of the last day at most, and from --level info on what
they log from now on. Their whole logs are where they run: journalctl -fu 'veriqueue-*', docker compose logs -f.`;

/** `veriqueue tail`: what happens to verifications and their events, and to the lane, as it happens; and what processes log. */
export function addTailCommand(program: Command, context: CliContext): void {
  const { level, latest } = logsQuery.parse({});
  program
    .command('tail')
    .description(
      'follow the verifications of all clients, a line for each change of state, outcome and delivery; and logs',
    )
    .option('--client <client>', 'of one client only')
    .option('--reference <text>', 'with exactly this reference only')
    .option('--deliveries', 'events and their deliveries only')
    .option('--logs', 'log lines of all producers and workers, too')
    .addOption(new Option('--only-logs', 'log lines and nothing else').implies({ logs: true }))
    .addOption(
      new Option('--level <level>', 'log lines of this level and above')
        .choices(logLevel.options)
        .default(level),
    )
    .option('--lines <n>', 'begin with so many of the latest log lines', parseLatest, latest)
    .addHelpText('after', help)
    .action((options: TailOptions) => tail(context, options));
}

const EVERY_MS = 1_000;

async function tail(context: CliContext, options: TailOptions): Promise<void> {
  const { terminal, interrupted } = context;
  await withOperations(context, async (operations) => {
    const lines = createShownLines(context);
    terminal.remark(`Following lane ${await operations.readLaneName()}${operations.at}; stop with Ctrl-C.`);
    const followed = chooseFollowed(context, operations, lines, options);
    // What is wrong from the beginning is an error; what breaks later is a line.
    let isMore = (await Promise.all(followed.map(({ look }) => look()))).includes(true);
    while (!interrupted.aborted) {
      if (!isMore) await pause(EVERY_MS, interrupted);
      isMore = await lookAgain(followed, lines, interrupted);
    }
  });
}

function chooseFollowed(
  { terminal }: CliContext,
  operations: Operations,
  lines: ShownLines,
  { logs, onlyLogs, level, lines: latest, ...filter }: TailOptions,
): readonly Followed[] {
  return [
    ...(onlyLogs ? [] : [followChanges(operations, lines, filter)]),
    ...(logs ? [followLogs(operations, terminal, lines, { level, latest })] : []),
  ];
}

/** @returns whether there is more at once */
async function lookAgain(
  followed: readonly Followed[],
  lines: ShownLines,
  interrupted: AbortSignal,
): Promise<boolean> {
  if (interrupted.aborted) return false;
  try {
    const areMore = await Promise.all(followed.map(({ look }) => look()));
    lines.forget('connection');
    return areMore.includes(true);
  } catch (error) {
    if (interrupted.aborted) return false;
    const isPassing = error instanceof PassingFailure || classifyRedisError(error) !== undefined;
    if (!isPassing || !(error instanceof Error)) throw error;
    lines.showNew('connection', { unreachable: error.message }, printable(error.message));
    return false;
  }
}
