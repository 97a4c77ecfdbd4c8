import type { Command } from 'commander';
import type { Callback, CallbackChange } from '../client/veriqueue.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseDuration } from './arguments.ts';
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
import { formatTime, type Terminal } from './terminal.ts';

interface SetOptions extends ApiOptions, Partial<AuthOptions> {
  /** False: taken away. */
  readonly to?: string | false;
}

interface RotateOptions extends ApiOptions {
  /** ms */
  readonly overlap?: number;
}

/** `veriqueue callback …`: where a client's events go by default, under its own key with the scope `manage`. */
export function addCallbackCommands(program: Command, context: CliContext): void {
  const callback = program
    .command('callback')
    .description('where your events go by default, with an API key that has manage');
  const show = callback
    .command('show')
    .description('its URL, your origins, what it asks for, and which secrets sign')
    .action((options: ApiOptions) => showCallback(context, options));
  const set = callback
    .command('set')
    .description('change its URL, or what it asks for; events that waited for a URL are sent')
    .option('--to <url>', 'your events go there; of an origin that is registered for you')
    .option('--no-to', 'take the URL away: your events are read, not sent')
    .action((options: SetOptions) => setCallback(context, options));
  addAuthRemovals(addAuthOptions(set));
  const rotate = callback
    .command('rotate-secret')
    .description('a new secret, shown once; the previous one signs as well for a day')
    .option('--overlap <duration>', 'how long both sign, 30d at most', parseDuration)
    .action((options: RotateOptions) => rotateSecret(context, options));
  for (const command of [show, set, rotate]) addApiOptions(command);
}

async function showCallback(context: CliContext, options: ApiOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const found = await openApi(await context.findApi(options)).callback.get({ signal });
  terminal.show(found, describeCallback(terminal, found));
}

async function setCallback(context: CliContext, { to, ...options }: SetOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const auth = await readAuthOptions(context.questions, options);
  const change: CallbackChange = {
    ...(to === undefined ? {} : { url: to === false ? null : to }),
    ...(auth === undefined ? {} : { auth }),
  };
  if (Object.keys(change).length === 0) {
    throw new CommandFailure('Give at least one setting to change: see --help', EXIT.calledWrongly);
  }
  const changed = await openApi(await context.findApi(options)).callback.change(change, { signal });
  terminal.show(changed, describeCallback(terminal, changed));
}

function describeCallback(terminal: Terminal, { url, allowedOrigins, secrets, auth }: Callback): string {
  return terminal.pairs({
    callback: url ?? 'none: your events are read, not sent',
    'your origins': allowedOrigins.join(' ') || 'none',
    'asks for': describeAuth(auth),
    secrets: secrets.map(({ signsUntil }) => describeSecret(signsUntil)).join(', '),
  });
}

const describeSecret = (signsUntil: string | null): string =>
  signsUntil === null ? 'the current one' : `one that signs until ${formatTime(Date.parse(signsUntil))}`;

async function rotateSecret(context: CliContext, { overlap, ...options }: RotateOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const { callback } = openApi(await context.findApi(options));
  const rotated = await callback.rotateSecret(
    overlap === undefined ? {} : { overlapSeconds: overlap / 1_000 },
    { signal },
  );
  terminal.show(
    rotated,
    terminal.pairs({ secret: rotated.secret, 'previous signs until': rotated.previousSignsUntil }),
  );
  terminal.remark('It cannot be shown again.');
}
