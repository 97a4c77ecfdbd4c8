import type { Command } from 'commander';
import type { Endpoint, EventType } from '../client/veriqueue.ts';
import { clientEventTypes } from '../shared/contract/event-type.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseDuration } from './arguments.ts';
import { type AuthOptions, addAuthOptions, readAuthOptions } from './auth-options.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { addEndpointSettings, type EndpointSettings, readEndpointChanges } from './endpoint-settings.ts';
import { addReceiverDeliveriesCommand } from './receiver-deliveries-command.ts';
import { addReceiverSetCommand } from './receiver-set-command.ts';
import { showTestDelivery } from './show-test-delivery.ts';
import { formatTime } from './terminal.ts';

interface AddOptions extends ApiOptions, EndpointSettings<EventType>, Partial<AuthOptions> {}

interface RotateOptions extends ApiOptions {
  /** ms */
  readonly overlap?: number;
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
  addAuthOptions(addEndpointSettings(add, clientEventTypes));
  for (const command of [add, list, test]) addApiOptions(command);
  addReceiverDeliveriesCommand(receiver, context);
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
    .description('a new secret, shown once; the previous one signs as well for a day')
    .argument('<id>', ID)
    .option('--overlap <duration>', 'how long both sign, 30d at most', parseDuration)
    .action((id: string, options: RotateOptions) => rotateSecret(context, id, options));
  const remove = addConfirmOptions(
    receiver.command('remove').description('stop sending to it').argument('<id>', ID),
  ).action((id: string, options: ApiOptions & ConfirmOptions) => removeReceiver(context, id, options));
  for (const command of [rotate, remove]) addApiOptions(command);
}

const open = async (context: CliContext, options: ApiOptions) => openApi(await context.findApi(options));

async function addReceiver(context: CliContext, url: string, options: AddOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const auth = await readAuthOptions(context.questions, options);
  const api = await open(context, options);
  const made = await api.endpoints.add(
    { url, ...readEndpointChanges(options), ...(auth ? { auth } : {}) },
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

async function rotateSecret(
  context: CliContext,
  id: string,
  { overlap, ...options }: RotateOptions,
): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const { endpoints } = await open(context, options);
  const rotated = await endpoints.rotateSecret(id, {
    overlapSeconds: overlap === undefined ? undefined : overlap / 1_000,
    signal,
  });
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
  const sent = await (id === undefined ? api.callback.test({ signal }) : api.endpoints.test(id, { signal }));
  showTestDelivery(terminal, sent);
}
