import type { Command } from 'commander';
import { addApiKey, revokeApiKey } from '../shared/store/clients/api-keys.ts';
import { changeClient } from '../shared/store/clients/change-client.ts';
import { DEFAULT_WEIGHT } from '../shared/store/clients/client-weight.ts';
import { createClient } from '../shared/store/clients/create-client.ts';
import { rotateWebhookSecret } from '../shared/store/clients/webhook-secrets.ts';
import { readBudget } from '../shared/store/usage/budget.ts';
import { collect, parseDuration, parseWeight } from './arguments.ts';
import { checkCallbackUrl, checkOrigins } from './callback-options.ts';
import { addClientSetCommand, WEIGHT_OPTION } from './client-set-command.ts';
import { CommandFailure } from './command-failure.ts';
import { type CliContext, withConnection } from './context.ts';
import { findClient, findClients, unknownClient } from './find-client.ts';
import { listText, presentClient, showText } from './present-client.ts';
import { reportPassedBy } from './report-passed-by.ts';

interface CreateOptions {
  readonly name: string;
  readonly callbackUrl?: string;
  readonly origin?: readonly string[];
  readonly weight?: number;
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
  client
    .command('rotate-key')
    .description('one more API key, shown once; the others stay valid until they are revoked')
    .argument('<client>')
    .action((clientId: string) => rotateKey(context, clientId));
  client
    .command('revoke-key')
    .description('refuse an API key from now on')
    .argument('<client>')
    .argument('<prefix>', 'its beginning, as client show prints it')
    .action((clientId: string, prefix: string) => revokeKey(context, clientId, prefix));
  client
    .command('rotate-secret')
    .description('a new webhook secret, shown once; the one before signs beside it for a while')
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
  const keyRing = await context.readKeyRing();
  const made = await withConnection(context, ({ redis, keys }) =>
    createClient({ redis, keys, keyRing }, { name, allowedOrigins, now: context.now(), ...given }),
  );
  const { terminal } = context;
  terminal.show(
    made,
    terminal.pairs({ client: made.clientId, 'API key': made.apiKey, 'webhook secret': made.webhookSecret }),
  );
  terminal.remark('API key and webhook secret cannot be shown again.');
}

async function list(context: CliContext): Promise<void> {
  const clients = await withConnection(context, (connection) =>
    findClients(connection, context.now(), reportPassedBy(context.terminal)),
  );
  context.terminal.show(clients.map(presentClient), listText(context.terminal, clients));
}

async function show(context: CliContext, clientId: string): Promise<void> {
  const now = context.now();
  const [client, budgetUse] = await withConnection(context, async (connection) => {
    const found = await findClient(connection, clientId, now);
    return [found, await readBudget(connection.redis, connection.keys, clientId, now)] as const;
  });
  context.terminal.show(
    { ...presentClient(client), budgetUse },
    showText(context.terminal, client, budgetUse),
  );
}

async function rotateKey(context: CliContext, clientId: string): Promise<void> {
  const apiKey = await withConnection(context, ({ redis, keys }) =>
    addApiKey({ redis, keys, clientId }, context.now()),
  );
  if (apiKey === null) throw unknownClient(clientId);
  context.terminal.show(
    { clientId, apiKey },
    context.terminal.pairs({ client: clientId, 'API key': apiKey }),
  );
  context.terminal.remark('It cannot be shown again. Older keys stay valid until client revoke-key.');
}

const revocationProblems = {
  unknown_key: 'no key of this client begins so',
  ambiguous: 'several keys of this client begin so; give more characters',
  last_key: 'a client keeps its last key; rotate it first, or disable the client',
} as const;

async function revokeKey(context: CliContext, clientId: string, prefix: string): Promise<void> {
  const revocation = await withConnection(context, ({ redis, keys }) =>
    revokeApiKey({ redis, keys, clientId }, prefix),
  );
  if (revocation.status === 'missing') throw unknownClient(clientId);
  if (revocation.status !== 'revoked') {
    throw new CommandFailure(`The key is not revoked: ${revocationProblems[revocation.status]}`);
  }
  context.terminal.show({ clientId, revoked: revocation.prefix }, `${revocation.prefix}… is revoked.`);
}

async function rotateSecret(context: CliContext, clientId: string, overlapMs: number): Promise<void> {
  const keyRing = await context.readKeyRing();
  const now = context.now();
  const rotation = await withConnection(context, ({ redis, keys }) =>
    rotateWebhookSecret({ redis, keys, keyRing }, clientId, { overlapMs, now }),
  );
  if (rotation === null) throw unknownClient(clientId);
  const previousSignsUntil = new Date(rotation.previousSignsUntil).toISOString();
  const { webhookSecret } = rotation;
  context.terminal.show(
    { clientId, webhookSecret, previousSignsUntil },
    context.terminal.pairs({
      client: clientId,
      'webhook secret': webhookSecret,
      'previous signs until': previousSignsUntil,
    }),
  );
  context.terminal.remark('It cannot be shown again.');
}

async function setDisabled(context: CliContext, clientId: string, disabled: boolean): Promise<void> {
  const result = await withConnection(context, ({ redis, keys }) =>
    changeClient(redis, keys, clientId, { disabled }),
  );
  if (result === 'missing') throw unknownClient(clientId);
  context.terminal.show({ clientId, disabled }, `${clientId} is ${disabled ? 'disabled' : 'enabled'}.`);
}
