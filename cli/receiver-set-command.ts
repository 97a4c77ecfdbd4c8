import type { Command } from 'commander';
import type { EventType } from '../client/veriqueue.ts';
import { clientEventTypes } from '../shared/contract/event-type.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import {
  type AuthOptions,
  addAuthOptions,
  addAuthRemovals,
  describeAuth,
  readAuthOptions,
} from './auth-options.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import {
  addEndpointChanges,
  describeSettings,
  type EndpointChanges,
  readEndpointChanges,
} from './endpoint-settings.ts';
import { EXIT } from './exit-codes.ts';

interface SetOptions extends ApiOptions, EndpointChanges<EventType>, Partial<AuthOptions> {}

/** `veriqueue receiver set`: changes what is given, and leaves the rest as it is. */
export function addReceiverSetCommand(receiver: Command, context: CliContext): void {
  const set = receiver
    .command('set')
    .description('change where its events go, which they are, how fast, and what it asks for')
    .argument('<id>', 'its id (ep_…), as receiver list prints it')
    .action((id: string, options: SetOptions) => setReceiver(context, id, options));
  addEndpointChanges(set, clientEventTypes);
  addApiOptions(addAuthRemovals(addAuthOptions(set)));
}

async function setReceiver(context: CliContext, id: string, options: SetOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const auth = await readAuthOptions(context.questions, options);
  const change = { ...readEndpointChanges(options), ...(auth === undefined ? {} : { auth }) };
  if (Object.keys(change).length === 0) {
    throw new CommandFailure('Give at least one setting to change: see --help', EXIT.calledWrongly);
  }
  const changed = await openApi(await context.findApi(options)).endpoints.change(id, change, { signal });
  terminal.show(
    changed,
    terminal.pairs({
      receiver: changed.id,
      ...describeSettings(changed),
      'asks for': describeAuth(changed.auth),
    }),
  );
}
