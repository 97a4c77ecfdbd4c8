import { type Command, Option } from 'commander';
import type { EndpointChange, EventType } from '../client/veriqueue.ts';
import { clientEventTypes } from '../shared/contract/event-type.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseRate, parseSequence } from './arguments.ts';
import {
  type AuthOptions,
  addAuthOptions,
  addAuthRemovals,
  describeAuth,
  readAuthOptions,
} from './auth-options.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';

/** What can be set when a receiver is added, too. */
export interface ReceiverSettings {
  readonly type?: readonly EventType[];
  readonly rate?: number;
}

export function addReceiverSettings(command: Command): Command {
  return command
    .addOption(new Option('--type <type...>', 'events of these types only').choices(clientEventTypes))
    .option('--rate <number>', 'at most so many events a second', parseRate);
}

interface SetOptions extends ApiOptions, Omit<ReceiverSettings, 'rate'>, Partial<AuthOptions> {
  readonly to?: string;
  /** False: taken away. */
  readonly rate?: number | false;
  readonly after?: number;
}

/** `veriqueue receiver set`: changes what is given, and leaves the rest as it is. */
export function addReceiverSetCommand(receiver: Command, context: CliContext): void {
  const set = receiver
    .command('set')
    .description('change where its events go, which they are, how fast, and what it asks for')
    .argument('<id>', 'its id (ep_…), as receiver list prints it')
    .option('--to <url>', 'its events go there from now on; of an origin that is registered for you')
    .option('--after <number>', 'send again all events behind the one of this number', parseSequence)
    .action((id: string, options: SetOptions) => setReceiver(context, id, options));
  addReceiverSettings(set).option('--no-rate', 'as many as it takes, one after the other');
  addApiOptions(addAuthRemovals(addAuthOptions(set)));
}

async function setReceiver(context: CliContext, id: string, options: SetOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const change = await readChange(context, options);
  if (Object.keys(change).length === 0) {
    throw new CommandFailure('Give at least one setting to change: see --help', EXIT.calledWrongly);
  }
  const changed = await openApi(await context.findApi(options)).endpoints.change(id, change, { signal });
  terminal.show(
    changed,
    terminal.pairs({
      receiver: changed.id,
      url: changed.url,
      types: changed.types.join(', '),
      'events a second': changed.ratePerSecond === null ? 'no limit' : String(changed.ratePerSecond),
      'asks for': describeAuth(changed.auth),
    }),
  );
}

async function readChange(
  { questions }: CliContext,
  { to, type, rate, after, ...options }: SetOptions,
): Promise<EndpointChange> {
  const auth = await readAuthOptions(questions, options);
  return {
    ...(to === undefined ? {} : { url: to }),
    ...(type === undefined ? {} : { types: [...type] }),
    ...(rate === undefined ? {} : { ratePerSecond: rate === false ? null : rate }),
    ...(after === undefined ? {} : { after }),
    ...(auth === undefined ? {} : { auth }),
  };
}
