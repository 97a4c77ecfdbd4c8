import type { Command } from 'commander';
import {
  describeUpstream,
  readAccountUpstream,
  resetAccountUpstream,
} from '../shared/account/limiter/account-upstream.ts';
import { pauseAccount, resumeAccount } from '../shared/account/limiter/pause-account.ts';
import { CommandFailure } from './command-failure.ts';
import { type CliContext, withConnection } from './context.ts';
import { describeLane } from './present-lane.ts';
import { confirm } from './questions.ts';

interface PauseOptions {
  readonly reason: string;
  readonly yes?: boolean;
}

interface UpstreamOptions {
  readonly reset?: boolean;
  readonly yes?: boolean;
}

/** `veriqueue lane …`: the operator's switch. On Redis directly, so that it works while producers and workers do not. */
export function addLaneCommands(program: Command, context: CliContext): void {
  const lane = program.command('lane').description('the lane: seeing, pausing, resuming');
  lane
    .command('show')
    .description('status, quota in use, backlog')
    .action(() => show(context));
  lane
    .command('pause')
    .description(
      'ask the upstream nothing more, not even probes, until lane resume; submissions are accepted',
    )
    .requiredOption('--reason <text>', 'why; clients see it too, at GET /v1/lane')
    .option('--yes', 'do not ask')
    .action((options: PauseOptions) => pause(context, options));
  lane
    .command('resume')
    .description('end a pause, a hold and a slow phase at once')
    .option('--yes', 'do not ask')
    .action((options: { yes?: boolean }) => resume(context, options));
  lane
    .command('upstream')
    .description('which upstream and account the lane asks; its first worker wrote it down')
    .option('--reset', 'forget it, so that the next worker decides; refused while workers are there')
    .option('--yes', 'do not ask')
    .action((options: UpstreamOptions) => upstream(context, options));
}

/** The lane's quota is what its workers say; this process does not know better. */
const UNKNOWN_QUOTA = 0;

async function show(context: CliContext): Promise<void> {
  const { readLaneOverview } = await import('../shared/account/lane-overview.ts');
  const lane = await withConnection(context, ({ redis, keys, accountKeys }) =>
    readLaneOverview(redis, { keys, accountKeys }, UNKNOWN_QUOTA),
  );
  context.terminal.show(lane, context.terminal.pairs(describeLane(lane)));
}

async function pause(context: CliContext, { reason, yes = false }: PauseOptions): Promise<void> {
  if (reason.trim() === '') throw new CommandFailure('Cannot pause the lane: --reason must say why', 2);
  await withConnection(context, async ({ redis, accountKeys: keys }) => {
    await assertConfirmed(context, `Pause lane ${keys.lane}?`, yes);
    const { status } = await pauseAccount(redis, keys, reason);
    context.terminal.show(
      { lane: keys.lane, status },
      status === 'paused'
        ? `${keys.lane} is paused; veriqueue lane resume ends it.`
        : `${keys.lane} was paused already; the reason is the new one.`,
    );
  });
}

async function resume(context: CliContext, { yes = false }: { readonly yes?: boolean }): Promise<void> {
  await withConnection(context, async ({ redis, accountKeys: keys }) => {
    await assertConfirmed(context, `Resume lane ${keys.lane}?`, yes);
    const resumption = await resumeAccount(redis, keys);
    context.terminal.show(
      { lane: keys.lane, ...resumption },
      resumption.status === 'resumed'
        ? `${keys.lane} goes on; it was ${resumption.from.join(' and ')}.`
        : `${keys.lane} was running.`,
    );
  });
}

async function upstream(context: CliContext, { reset = false, yes = false }: UpstreamOptions): Promise<void> {
  await withConnection(context, async ({ redis, accountKeys: keys }) => {
    const known = await readAccountUpstream(redis, keys);
    const shown = known === null ? 'none yet: the first worker decides' : describeUpstream(known);
    if (!reset)
      return context.terminal.show({ lane: keys.lane, upstream: known }, `${keys.lane} asks ${shown}`);
    await assertConfirmed(context, `Let lane ${keys.lane} forget its upstream (${shown})?`, yes);
    const result = await resetAccountUpstream(redis, keys);
    if (result.status === 'in_use') {
      throw new CommandFailure(
        `Cannot forget the upstream of lane ${keys.lane}: its workers must be stopped, ${result.workers} were there within the last 20 s`,
      );
    }
    context.terminal.show(
      { lane: keys.lane, upstream: null },
      `${keys.lane} has forgotten its upstream; the next worker decides.`,
    );
  });
}

async function assertConfirmed(
  { questions, interrupted }: CliContext,
  question: string,
  yes: boolean,
): Promise<void> {
  if (await confirm(questions, { question, yes, signal: interrupted })) return;
  throw new CommandFailure('Nothing was changed');
}
