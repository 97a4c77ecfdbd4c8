import type { Command } from 'commander';
import {
  describeUpstream,
  readAccountUpstream,
  resetAccountUpstream,
} from '../shared/account/limiter/account-upstream.ts';
import { accountKeys, FIRST_ACCOUNT } from '../shared/store/keys.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import { type CliContext, withConnection } from './context.ts';
import { withOperations } from './operations/with-operations.ts';
import { describeLane } from './present-lane.ts';

interface PauseOptions extends ConfirmOptions {
  readonly reason: string;
}

interface UpstreamOptions extends ConfirmOptions {
  readonly reset?: boolean;
  readonly account?: string;
}

/** `veriqueue lane …`: the operator's switch. It works on Redis too, while producers and workers do not. */
export function addLaneCommands(program: Command, context: CliContext): void {
  const lane = program.command('lane').description('the lane: seeing, pausing, resuming');
  lane
    .command('show')
    .description('status, quota in use, backlog')
    .action(() => show(context));
  addConfirmOptions(
    lane
      .command('pause')
      .description(
        'ask the upstream nothing more, not even probes, until lane resume; submissions are accepted',
      )
      .requiredOption('--reason <text>', 'why; clients see it too, at GET /v1/lane'),
  ).action((options: PauseOptions) => pause(context, options));
  addConfirmOptions(
    lane.command('resume').description('end a pause, a hold and a slow phase at once'),
  ).action((options: ConfirmOptions) => resume(context, options));
  addConfirmOptions(
    lane
      .command('upstream')
      .description('which upstream and account the lane asks; its first worker wrote it down')
      .option('--account <name>', 'which of several accounts (main)')
      .option('--reset', 'forget it, so that the next worker decides; refused while workers are there'),
  ).action((options: UpstreamOptions) => upstream(context, options));
}

async function show(context: CliContext): Promise<void> {
  const lane = await withOperations(context, (operations) => operations.showLane());
  context.terminal.show(lane, context.terminal.pairs(describeLane(lane)));
}

async function pause(context: CliContext, { reason, ...options }: PauseOptions): Promise<void> {
  if (reason.trim() === '')
    throw new CommandFailure('Give a --reason: operators see it while the lane is paused', 2);
  await withOperations(context, async (operations) => {
    const lane = await operations.readLaneName();
    if (!(await isConfirmed(context, `pause lane ${lane}${operations.at}`, options))) return;
    const status = await operations.pauseLane(reason);
    context.terminal.show(
      { lane, status },
      status === 'paused'
        ? `${lane} is paused; veriqueue lane resume ends it.`
        : `${lane} was paused already; the reason is the new one.`,
    );
  });
}

async function resume(context: CliContext, options: ConfirmOptions): Promise<void> {
  await withOperations(context, async (operations) => {
    const lane = await operations.readLaneName();
    if (!(await isConfirmed(context, `resume lane ${lane}${operations.at}`, options))) return;
    const from = await operations.resumeLane();
    context.terminal.show(
      from.length > 0 ? { lane, status: 'resumed', from } : { lane, status: 'already_running' },
      from.length > 0 ? `${lane} goes on; it was ${from.join(' and ')}.` : `${lane} was running.`,
    );
  });
}

async function upstream(
  context: CliContext,
  { reset = false, account = FIRST_ACCOUNT, ...options }: UpstreamOptions,
): Promise<void> {
  await withConnection(context, async ({ redis, keys: { lane } }) => {
    const keys = accountKeys(lane, account);
    const known = await readAccountUpstream(redis, keys);
    const shown = known === null ? 'none yet: the first worker decides' : describeUpstream(known);
    if (!reset)
      return context.terminal.show({ lane: keys.lane, upstream: known }, `${keys.lane} asks ${shown}`);
    const what = `let lane ${keys.lane} forget its upstream (${shown})`;
    if (!(await isConfirmed(context, what, options))) return;
    const result = await resetAccountUpstream(redis, keys);
    if (result.status === 'in_use') {
      throw new CommandFailure(
        `Lane ${keys.lane} still has workers: ${result.workers} within the last 20 s. Stop them first`,
      );
    }
    context.terminal.show(
      { lane: keys.lane, upstream: null },
      `${keys.lane} has forgotten its upstream; the next worker decides.`,
    );
  });
}
