import type { Command } from 'commander';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import type { CliContext } from './context.ts';
import { describeVerification } from './present-verification.ts';
import { addWaitOptions, VERDICT_HELP, type WaitOptions, waitForVerdict } from './wait-option.ts';

/** `veriqueue get`: one verification, as its client sees it. */
export function addGetCommand(program: Command, context: CliContext): void {
  const command = program
    .command('get')
    .description('show a verification of this client, or wait for its verdict')
    .argument('<id>', 'the verification (ver_…)')
    .addHelpText('after', VERDICT_HELP)
    .action((id: string, options: ApiOptions & WaitOptions) => get(context, id, options));
  addApiOptions(addWaitOptions(command));
}

async function get(context: CliContext, id: string, options: ApiOptions & WaitOptions): Promise<void> {
  const api = openApi(await context.findApi(options));
  const verification = options.wait
    ? await waitForVerdict(context, api, id, options)
    : await api.get(id, { signal: context.interrupted });
  context.terminal.show(verification, describeVerification(context.terminal, verification));
}
