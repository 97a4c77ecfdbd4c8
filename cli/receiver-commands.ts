import type { Command } from 'commander';
import type { Endpoint, TestDelivery } from '../client/veriqueue.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseSequence } from './arguments.ts';
import { type AuthOptions, addAuthOptions, readAuthOptions } from './auth-options.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { formatDuration } from './format-duration.ts';
import { addReceiverSetCommand, addReceiverSettings, type ReceiverSettings } from './receiver-set-command.ts';
import { formatTime, printable } from './terminal.ts';

interface AddOptions extends ApiOptions, ReceiverSettings, Partial<AuthOptions> {
  readonly after?: number;
}

const ID = 'its id (ep_…), as receiver list prints it';

/** `veriqueue receiver …`: the endpoints of a client beside its callback, under its own key with the scope `manage`. */
export function addReceiverCommands(program: Command, context: CliContext): void {
  const receiver = program
    .command('receiver')
    .description('receivers of your events beside your callback, with an API key that has manage');
  const add = receiver
    .command('add')
    .description('add one; its secret is shown once')
    .argument('<url>', 'of an origin that is registered for you')
    .option('--after <number>', 'begin behind the event of this number; 0: with the oldest', parseSequence)
    .action((url: string, options: AddOptions) => addReceiver(context, url, options));
  const list = receiver
    .command('list')
    .description('each one with its health, and how far it is')
    .action((options: ApiOptions) => listReceivers(context, options));
  const test = receiver
    .command('test')
    .description('have a worker send a signed webhook.test event, once; your callback without an id')
    .argument('[id]', ID)
    .action((id: string | undefined, options: ApiOptions) => testReceiver(context, id, options));
  addAuthOptions(addReceiverSettings(add));
  for (const command of [add, list, test]) addApiOptions(command);
  addReceiverSetCommand(receiver, context);
  addChangeCommands(receiver, context);
}

function addChangeCommands(receiver: Command, context: CliContext): void {
  for (const [name, enabled, description] of [
    ['pause', false, 'send it nothing until it is resumed; its events wait'],
    ['resume', true, 'send to it again, also after it was held'],
  ] as const) {
    const command = receiver
      .command(name)
      .description(description)
      .argument('<id>', ID)
      .action((id: string, options: ApiOptions) => setEnabled(context, id, enabled, options));
    addApiOptions(command);
  }
  const rotate = receiver
    .command('rotate-secret')
    .description('a new secret, shown once; the one before signs beside it for a day')
    .argument('<id>', ID)
    .action((id: string, options: ApiOptions) => rotateSecret(context, id, options));
  const remove = addConfirmOptions(
    receiver.command('remove').description('send it nothing any more').argument('<id>', ID),
  ).action((id: string, options: ApiOptions & ConfirmOptions) => removeReceiver(context, id, options));
  for (const command of [rotate, remove]) addApiOptions(command);
}

const open = async (context: CliContext, options: ApiOptions) => openApi(await context.findApi(options));

async function addReceiver(
  context: CliContext,
  url: string,
  { type, rate, after, ...options }: AddOptions,
): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const auth = await readAuthOptions(context.questions, options);
  const api = await open(context, options);
  const made = await api.endpoints.add(
    {
      url,
      ...(type === undefined ? {} : { types: [...type] }),
      ...(rate === undefined ? {} : { ratePerSecond: rate }),
      ...(after === undefined ? {} : { after }),
      ...(auth ? { auth } : {}),
    },
    { signal },
  );
  terminal.show(made, terminal.pairs({ receiver: made.id, url: made.url, secret: made.secret }));
  terminal.remark('The secret cannot be shown again.');
}

async function listReceivers(context: CliContext, options: ApiOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const all = await (await open(context, options)).endpoints.list({ signal });
  const rows = all.map((each) => [
    each.id,
    each.url,
    each.status,
    String(each.after),
    String(each.dead),
    describeLatest(each),
    describeCertificate(each),
  ]);
  const headings = ['RECEIVER', 'URL', 'STATUS', 'SENT UP TO', 'SKIPPED', 'LATEST', 'CERTIFICATE'];
  terminal.show(all, terminal.table(headings, rows, 'No receivers beside the callback.'));
}

function describeLatest({ latest }: Endpoint): string {
  if (latest === null) return '-';
  return `${latest.status ?? latest.errorClass ?? '-'} at ${formatTime(Date.parse(latest.at))}`;
}

function describeCertificate({ auth }: Endpoint): string {
  const certificate = auth?.clientCertificate ?? null;
  if (certificate === null) return '-';
  const until = formatTime(Date.parse(certificate.expiresAt));
  return certificate.expiresSoon ? `ends soon: ${until}` : `until ${until}`;
}

async function setEnabled(
  context: CliContext,
  id: string,
  enabled: boolean,
  options: ApiOptions,
): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const changed = await (await open(context, options)).endpoints.change(id, { enabled }, { signal });
  terminal.show(changed, `${id} is ${enabled ? 'resumed' : 'paused: its events wait'}.`);
}

async function rotateSecret(context: CliContext, id: string, options: ApiOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const rotated = await (await open(context, options)).endpoints.rotateSecret(id, { signal });
  terminal.show(
    { id, ...rotated },
    terminal.pairs({
      receiver: id,
      secret: rotated.secret,
      'previous signs until': rotated.previousSignsUntil,
    }),
  );
  terminal.remark('It cannot be shown again.');
}

async function removeReceiver(
  context: CliContext,
  id: string,
  { yes, dryRun, ...options }: ApiOptions & ConfirmOptions,
): Promise<void> {
  const confirm = { ...(yes === undefined ? {} : { yes }), ...(dryRun === undefined ? {} : { dryRun }) };
  const api = await open(context, options);
  if (!(await isConfirmed(context, `remove ${id}`, confirm))) return;
  await api.endpoints.remove(id, { signal: context.interrupted });
  context.terminal.show({ id, status: 'removed' }, `${id} is removed: it gets nothing more.`);
}

async function testReceiver(context: CliContext, id: string | undefined, options: ApiOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const api = await open(context, options);
  const sent: TestDelivery =
    id === undefined ? await api.callback.test({ signal }) : await api.endpoints.test(id, { signal });
  const came = sent.status === null ? (sent.errorClass ?? 'no answer') : `status ${sent.status}`;
  terminal.show(
    sent,
    terminal.pairs({
      event: `webhook.test ${sent.webhookId}`,
      to: sent.url,
      result: came,
      took: formatDuration(sent.durationMs),
      answer: printable(sent.answer).slice(0, 60) || '-',
    }),
  );
  if (!sent.accepted) throw new CommandFailure(`The receiver did not accept the test event: ${came}`);
}
