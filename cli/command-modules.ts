import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** Adds a command, with those under it. */
type AddCommand = (program: Command, context: CliContext) => void;

type LoadCommand = () => Promise<AddCommand>;

/**
 * The commands by name, in the order of the help. Each lies in a module of its own, which is loaded when the command is called:
 * loading all of them takes twice as long as most commands do.
 */
export const commandModules: ReadonlyMap<string, LoadCommand> = new Map<string, LoadCommand>([
  ['submit', async () => (await import('./submit-command.ts')).addSubmitCommand],
  ['get', async () => (await import('./get-command.ts')).addGetCommand],
  ['list', async () => (await import('./list-command.ts')).addListCommand],
  ['events', async () => (await import('./events-command.ts')).addEventsCommand],
  ['receiver', async () => (await import('./receiver-commands.ts')).addReceiverCommands],
  ['callback', async () => (await import('./callback-commands.ts')).addCallbackCommands],
  ['api-key', async () => (await import('./api-key-commands.ts')).addApiKeyCommands],
  ['batch', async () => (await import('./batch-command.ts')).addBatchCommand],
  ['watch', async () => (await import('./watch-command.ts')).addWatchCommand],
  ['trigger', async () => (await import('./trigger-command.ts')).addTriggerCommand],
  ['tail', async () => (await import('./tail-command.ts')).addTailCommand],
  ['lane', async () => (await import('./lane-command.ts')).addLaneCommands],
  ['account', async () => (await import('./account-commands.ts')).addAccountCommands],
  ['client', async () => (await import('./client-commands.ts')).addClientCommands],
  ['console', async () => (await import('./console-commands.ts')).addConsoleCommands],
  ['deliveries', async () => (await import('./delivery-commands.ts')).addDeliveryCommands],
  ['endpoints', async () => (await import('./endpoint-commands.ts')).addEndpointCommands],
  ['doctor', async () => (await import('./doctor-command.ts')).addDoctorCommand],
  ['keys', async () => (await import('./key-commands.ts')).addKeyCommands],
  ['listen', async () => (await import('./listen-command.ts')).addListenCommand],
  ['operator', async () => (await import('./operator-commands.ts')).addOperatorCommands],
  ['usage', async () => (await import('./usage-command.ts')).addUsageCommand],
  ['audit', async () => (await import('./audit-commands.ts')).addAuditCommands],
  ['receipt', async () => (await import('./receipt-commands.ts')).addReceiptCommands],
  ['record-of-processing', async () => (await import('./record-command.ts')).addRecordCommand],
  ['profile', async () => (await import('./profile-commands.ts')).addProfileCommands],
  ['completion', async () => (await import('./completion-command.ts')).addCompletionCommand],
]);

/** Its script has every command in it. */
const NEEDS_ALL = 'completion';

/** The only option before a command that takes a value. */
const WITH_VALUE = '--profile';

/**
 * The modules that a call needs.
 *
 * @param args what stands behind the name of the program
 * @returns the one of the command that is called; all of them for the help, and to name what is like a mistyped one
 * @example `findModules(['--json', 'client', 'list'])` holds the module of `client` alone
 */
export function findModules(args: readonly string[]): readonly LoadCommand[] {
  const called = args.find((arg, index) => !arg.startsWith('-') && args[index - 1] !== WITH_VALUE);
  const only = called === undefined || called === NEEDS_ALL ? undefined : commandModules.get(called);
  return only === undefined ? [...commandModules.values()] : [only];
}
