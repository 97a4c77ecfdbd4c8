import type { Command } from 'commander';
import { DEFAULT_WEIGHT } from '../shared/store/clients/client-weight.ts';
import { collect, parseDuration, parseWeight } from './arguments.ts';
import { checkCallbackUrl, checkOrigins } from './callback-options.ts';
import { addClientDeleteCommand } from './client-delete-command.ts';
import { addClientSetCommand, WEIGHT_OPTION } from './client-set-command.ts';
import type { CliContext } from './context.ts';
import { addKeyOptions, type KeyOptions, readKeyOptions } from './key-options.ts';
import { withClients } from './operations/with-operations.ts';
import { listText, presentClient, showText } from './present-client.ts';

interface CreateOptions {
  readonly name: string;
  readonly callbackUrl?: string;
  readonly origin?: readonly string[];
  readonly weight?: number;
}

interface RotateKeyOptions extends KeyOptions {
  readonly test?: true;
}

const DEFAULT_OVERLAP = '24h';

/** `veriqueue client …`: who may submit, and where the events go. */
export function addClientCommands(program: Command, context: CliContext): void {
  const client = program.command('client').description('applications that submit and receive');
  client
    .command('create')
    .description('make a client; its API key and webhook secret are shown once')
    .requiredOption('--name <name>', 'what you call it')
    .option('--callback-url <url>', 'where its events go by default')
    .option('--origin <origin...>', 'an origin its verifications may name a callback of', collect)
    .option('--weight <weight>', `${WEIGHT_OPTION}; ${DEFAULT_WEIGHT} unless given`, parseWeight)
    .action((options: CreateOptions) => create(context, options));
  client
    .command('list')
    .description('every client')
    .action(() => list(context));
  client
    .command('show')
    .description('one client: its keys (by their beginnings), origins, secrets in use')
    .argument('<client>')
    .action((clientId: string) => show(context, clientId));
  addClientSetCommand(client, context);
  addKeyAndSecretCommands(client, context);
  addClientDeleteCommand(client, context);
  for (const [name, disabled, description] of [
    ['disable', true, 'refuse its API keys; what was accepted is still verified and delivered'],
    ['enable', false, 'accept its API keys again'],
  ] as const) {
    client
      .command(name)
      .description(description)
      .argument('<client>')
      .action((clientId: string) => setDisabled(context, clientId, disabled));
  }
}

function addKeyAndSecretCommands(client: Command, context: CliContext): void {
  const rotate = client
    .command('rotate-key')
    .description('one more API key, shown once; the others stay valid until they are revoked')
    .argument('<client>')
    .option('--test', 'a test key: what it submits goes to the sandbox (TEST_LANE)')
    .action((clientId: string, options: RotateKeyOptions) => rotateKey(context, clientId, options));
  addKeyOptions(rotate, 'submit and read');
  client
    .command('revoke-key')
    .description('refuse an API key from now on')
    .argument('<client>')
    .argument('<prefix>', 'its beginning, as client show prints it')
    .action((clientId: string, prefix: string) => revokeKey(context, clientId, prefix));
  client
    .command('rotate-secret')
    .description('a new webhook secret, shown once; the previous one signs as well for a while')
    .argument('<client>')
    .option('--overlap <duration>', 'how long both sign', parseDuration, parseDuration(DEFAULT_OVERLAP))
    .action((clientId: string, { overlap }: { overlap: number }) => rotateSecret(context, clientId, overlap));
}

async function create(
  context: CliContext,
  { name, callbackUrl, origin = [], weight }: CreateOptions,
): Promise<void> {
  const allowedOrigins = checkOrigins(origin, context);
  const given = {
    ...(callbackUrl === undefined ? {} : { callbackUrl: checkCallbackUrl(callbackUrl, context) }),
    ...(weight === undefined ? {} : { weight }),
  };
  const made = await withClients(context, (clients) => clients.create({ name, allowedOrigins, ...given }));
  const { terminal } = context;
  terminal.show(
    made,
    terminal.pairs({ client: made.clientId, 'API key': made.apiKey, 'webhook secret': made.webhookSecret }),
  );
  terminal.remark('API key and webhook secret cannot be shown again.');
}

async function list(context: CliContext): Promise<void> {
  const clients = await withClients(context, (operations) => operations.list());
  context.terminal.show(clients.map(presentClient), listText(context.terminal, clients));
}

async function show(context: CliContext, clientId: string): Promise<void> {
  const { client, budgetUse } = await withClients(context, (clients) => clients.show(clientId));
  context.terminal.show(
    { ...presentClient(client), budgetUse },
    showText(context.terminal, client, budgetUse),
  );
}

async function rotateKey(
  context: CliContext,
  clientId: string,
  { test, ...options }: RotateKeyOptions,
): Promise<void> {
  const wanted = { ...readKeyOptions(options, context.now()), ...(test ? { test } : {}) };
  const { apiKey, webhookSecret } = await withClients(context, (clients) => clients.addKey(clientId, wanted));
  const secret = webhookSecret === null ? {} : { webhookSecret };
  context.terminal.show(
    { clientId, apiKey, ...secret },
    context.terminal.pairs({
      client: clientId,
      'API key': apiKey,
      ...(webhookSecret === null ? {} : { 'webhook secret of tests': webhookSecret }),
    }),
  );
  context.terminal.remark('It cannot be shown again. Older keys stay valid until client revoke-key.');
}

async function revokeKey(context: CliContext, clientId: string, prefix: string): Promise<void> {
  const revoked = await withClients(context, (clients) => clients.revokeKey(clientId, prefix));
  context.terminal.show({ clientId, revoked }, `${revoked}… is revoked.`);
}

async function rotateSecret(context: CliContext, clientId: string, overlapMs: number): Promise<void> {
  const rotated = await withClients(context, (clients) => clients.rotateSecret(clientId, overlapMs));
  context.terminal.show(
    { clientId, ...rotated },
    context.terminal.pairs({
      client: clientId,
      'webhook secret': rotated.webhookSecret,
      'previous signs until': rotated.previousSignsUntil,
    }),
  );
  context.terminal.remark('It cannot be shown again.');
}

async function setDisabled(context: CliContext, clientId: string, disabled: boolean): Promise<void> {
  await withClients(context, (clients) => clients.change(clientId, { disabled }));
  context.terminal.show({ clientId, disabled }, `${clientId} is ${disabled ? 'disabled' : 'enabled'}.`);
}
