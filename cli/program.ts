import { Command } from 'commander';
import { readServiceVersion } from '../shared/service-version.ts';
import { findModules } from './command-modules.ts';
import type { CliContext } from './context.ts';

const help = `
Environment:
  VERIQUEUE_URL          the producer, for submit, get, list, events, receiver, callback, api-key, batch, watch
                         and trigger
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

/**
 * The command line without its surroundings: nothing runs until it is given arguments to parse.
 *
 * @param args which it will be given; only the command that they call is in it then. Without them, all commands are
 */
export async function buildProgram(
  makeContext: (program: Command) => CliContext,
  args: readonly string[] = [],
): Promise<Command> {
  const program = new Command('veriqueue')
    .description('Veriqueue from the command line')
    .version(readServiceVersion(), '-V, --version', 'print the version')
    .option('--json', 'print JSON, for machines')
    .option('--profile <name>', 'a deployment of veriqueue profile list (VERIQUEUE_PROFILE)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', help);
  const context = makeContext(program);
  for (const add of await Promise.all(findModules(args).map((load) => load()))) add(program, context);
  return program;
}
