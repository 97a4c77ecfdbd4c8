import { Argument, type Command } from 'commander';
import type { LaneOverview } from '../shared/contract/lane.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { describeVerification } from './present-verification.ts';
import { printable } from './terminal.ts';
import { pickTestPerson, type Scenario, scenarioHelp, scenarios } from './trigger/test-person.ts';
import { makeTestPhoto } from './trigger/test-photo.ts';
import { addWaitOptions, VERDICT_HELP, type WaitOptions, waitForVerdict } from './wait-option.ts';

interface TriggerOptions extends ApiOptions, WaitOptions {
  readonly reference?: string;
  readonly callbackUrl?: string;
}

const help = `
What comes of it:
${scenarioHelp.map((line) => `  ${line}`).join('\n')}

Only a lane that asks the sandbox is given a test person: the real upstream would bill the call.
${VERDICT_HELP}`;

/** `veriqueue trigger`: an event to develop against, without a person and a photo at hand. */
export function addTriggerCommand(program: Command, context: CliContext): void {
  const command = program
    .command('trigger')
    .description('submit a test person of the sandbox, to see a receiver take what comes of it')
    .addArgument(new Argument('[scenario]', 'what comes of it').choices(scenarios).default('match'))
    .option('--reference <text>', 'your own name for this verification')
    .option('--callback-url <url>', "where the event goes, instead of the client's default")
    .addHelpText('after', help)
    .action((scenario: Scenario, options: TriggerOptions) => trigger(context, scenario, options));
  addApiOptions(addWaitOptions(command));
}

async function trigger(context: CliContext, scenario: Scenario, options: TriggerOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const api = openApi(await context.findApi(options));
  assertSandbox(await api.lane({ signal }));
  const { reference = `trigger ${scenario}`, callbackUrl } = options;
  const { verification } = await api.submit(
    { ...pickTestPerson(scenario, context.random), photo: makeTestPhoto(), reference, callbackUrl },
    { signal },
  );
  if (options.wait) terminal.remark(`${printable(verification.id)} is submitted; waiting for its verdict.`);
  const shown = options.wait ? await waitForVerdict(context, api, verification.id, options) : verification;
  terminal.show(shown, describeVerification(terminal, shown));
}

/** @throws {CommandFailure} unless a worker has said that the lane asks the sandbox */
function assertSandbox({ lane, livemode }: LaneOverview): void {
  if (livemode === false) return;
  throw new CommandFailure(
    livemode === null
      ? `Cannot trigger anything: lane ${lane} must ask the sandbox, and no worker has started yet that says so`
      : `Cannot trigger anything: lane ${lane} must ask the sandbox, and asks the real upstream, which bills each call`,
  );
}
