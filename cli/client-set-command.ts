import type { Command } from 'commander';
import { type ClientChange, changeClient } from '../shared/store/clients/change-client.ts';
import { MAX_WEIGHT, MIN_WEIGHT } from '../shared/store/clients/client-weight.ts';
import { collect, parseCap, parseWeight } from './arguments.ts';
import { checkCallbackUrl, checkOrigins } from './callback-options.ts';
import { CommandFailure } from './command-failure.ts';
import type { Connection } from './connection.ts';
import { type CliContext, withConnection } from './context.ts';
import { findClient, unknownClient } from './find-client.ts';
import { presentClient, showText } from './present-client.ts';
import { releaseWaitingForOrigin, releaseWaitingForUrl } from './release.ts';

interface SetOptions {
  readonly name?: string;
  /** False: taken away. */
  readonly callbackUrl?: string | false;
  readonly origin?: readonly string[];
  readonly weight?: number;
  /** False: taken away. */
  readonly maxWaiting?: number | false;
}

export const WEIGHT_OPTION = `its part of the quota while others wait too, ${MIN_WEIGHT} to ${MAX_WEIGHT}`;

/** `veriqueue client set`: changes what is given, and leaves the rest as it is. */
export function addClientSetCommand(client: Command, context: CliContext): void {
  client
    .command('set')
    .description('change a setting of a client; events that waited for a callback are sent')
    .argument('<client>')
    .option('--name <name>')
    .option('--callback-url <url>')
    .option('--no-callback-url', 'take the default callback away')
    .option('--origin <origin...>', 'replaces all origins', collect)
    .option('--weight <weight>', WEIGHT_OPTION, parseWeight)
    .option(
      '--max-waiting <number>',
      'its verifications without an outcome at once; 0 sets no limit',
      parseCap,
    )
    .option('--no-max-waiting', 'hold it to CLIENT_MAX_WAITING again')
    .action((clientId: string, options: SetOptions) => set(context, clientId, options));
}

async function set(context: CliContext, clientId: string, options: SetOptions): Promise<void> {
  const change = readChange(context, options);
  if (Object.keys(change).length === 0) {
    throw new CommandFailure('Cannot change a client: at least one of its settings must be given', 2);
  }
  await withConnection(context, async (connection) => {
    const { redis, keys } = connection;
    if ((await changeClient(redis, keys, clientId, change)) === 'missing') throw unknownClient(clientId);
    const releasedEvents = await releaseEvents(context, connection, clientId, options);
    const client = await findClient(connection, clientId, context.now());
    context.terminal.show(
      { ...presentClient(client), ...(releasedEvents === null ? {} : { releasedEvents }) },
      showText(context.terminal, client),
    );
    if (releasedEvents) {
      context.terminal.remark(`${releasedEvents} events that waited for this are on their way.`);
    }
    if (change.weight !== undefined) context.terminal.remark(WEIGHT_REMARK);
  });
}

const WEIGHT_REMARK = 'The weight holds for what waits already too.';

function readChange(
  context: CliContext,
  { name, callbackUrl, origin, weight, maxWaiting }: SetOptions,
): ClientChange {
  return {
    ...(name === undefined ? {} : { name }),
    ...(origin === undefined ? {} : { allowedOrigins: checkOrigins(origin, context) }),
    ...(callbackUrl === undefined
      ? {}
      : { callbackUrl: callbackUrl === false ? null : checkCallbackUrl(callbackUrl, context) }),
    ...(weight === undefined ? {} : { weight }),
    ...(maxWaiting === undefined ? {} : { maxWaiting: maxWaiting === false ? null : maxWaiting }),
  };
}

/** How many events that waited for the new settings are sent; null when none could have waited for them. */
async function releaseEvents(
  context: CliContext,
  connection: Connection,
  clientId: string,
  { callbackUrl, origin }: SetOptions,
): Promise<number | null> {
  const releases = [
    ...(callbackUrl ? [await releaseWaitingForUrl(context, connection, clientId)] : []),
    ...(origin === undefined ? [] : [await releaseWaitingForOrigin(context, connection, clientId)]),
  ];
  return releases.length === 0 ? null : releases.reduce((sum, { released }) => sum + released, 0);
}
