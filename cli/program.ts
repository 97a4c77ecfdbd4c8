import { Command } from 'commander';
import { readServiceVersion } from '../shared/service-version.ts';
import { addAccountCommands } from './account-commands.ts';
import { addAuditCommands } from './audit-commands.ts';
import { addBatchCommand } from './batch-command.ts';
import { addClientCommands } from './client-commands.ts';
import { addCompletionCommand } from './completion-command.ts';
import { addConsoleCommands } from './console-commands.ts';
import type { CliContext } from './context.ts';
import { addDeliveryCommands } from './delivery-commands.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addEndpointCommands } from './endpoint-commands.ts';
import { addEventsCommand } from './events-command.ts';
import { addGetCommand } from './get-command.ts';
import { addKeyCommands } from './key-commands.ts';
import { addLaneCommands } from './lane-command.ts';
import { addListCommand } from './list-command.ts';
import { addListenCommand } from './listen-command.ts';
import { addOperatorCommands } from './operator-commands.ts';
import { addProfileCommands } from './profile-commands.ts';
import { addReceiptCommands } from './receipt-commands.ts';
import { addRecordCommand } from './record-command.ts';
import { addSubmitCommand } from './submit-command.ts';
import { addTailCommand } from './tail-command.ts';
import { addTriggerCommand } from './trigger-command.ts';
import { addUsageCommand } from './usage-command.ts';
import { addWatchCommand } from './watch-command.ts';

const help = `
Environment:
  VERIQUEUE_URL          the producer, for submit, get, list, events, batch, watch and trigger
  VERIQUEUE_API_KEY      and an API key; both unset: those of npm start in this folder
  VERIQUEUE_OPERATOR_URL the operators' API, for all others; with its key, they need no Redis
  VERIQUEUE_OPERATOR_KEY an operator key
  VERIQUEUE_PROFILE      instead of all of these: a set of addresses and keys, see veriqueue profile
  REDIS_URL              the Redis of the deployment; both unset: that of npm start in this folder
  REDIS_CA_FILE          the authority to trust for rediss://, a PEM file
  LANE                   the lane (main)
  ACCOUNTS_FILE          the file of accounts, for account add and account rotate
  VERIQUEUE_KEYS         sealing keys, for commands that make or read webhook secrets
  SIGNING_KEYS           signing keys, for audit head and audit verify
  VERIQUEUE_WEBHOOK_SECRET  webhook secrets, for listen; unset: that of npm start in this folder
  VERIQUEUE_DATA_DIR     where npm start keeps its data (.data)

Exit codes: 0 done, 1 failed, 2 called wrongly; submit, get, trigger and batch have more, which their help lists`;

/** The command line without its surroundings: nothing runs until it is given arguments to parse. */
export function buildProgram(makeContext: (program: Command) => CliContext): Command {
  const program = new Command('veriqueue')
    .description('Veriqueue from the command line')
    .version(readServiceVersion(), '-V, --version', 'print the version')
    .option('--json', 'print JSON, for machines')
    .option('--profile <name>', 'a deployment of veriqueue profile list (VERIQUEUE_PROFILE)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', help);
  const context = makeContext(program);
  addSubmitCommand(program, context);
  addGetCommand(program, context);
  addListCommand(program, context);
  addEventsCommand(program, context);
  addBatchCommand(program, context);
  addWatchCommand(program, context);
  addTriggerCommand(program, context);
  addTailCommand(program, context);
  addLaneCommands(program, context);
  addAccountCommands(program, context);
  addClientCommands(program, context);
  addConsoleCommands(program, context);
  addDeliveryCommands(program, context);
  addEndpointCommands(program, context);
  addDoctorCommand(program, context);
  addKeyCommands(program, context);
  addListenCommand(program, context);
  addOperatorCommands(program, context);
  addUsageCommand(program, context);
  addAuditCommands(program, context);
  addReceiptCommands(program, context);
  addRecordCommand(program, context);
  addProfileCommands(program, context);
  addCompletionCommand(program);
  return program;
}
