import type { Command } from 'commander';
import type { ApiKey } from '../client/veriqueue.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { addKeyOptions, type KeyOptions, readKeyOptions } from './key-options.ts';
import { formatTime } from './terminal.ts';

interface RevokeOptions extends ApiOptions, ConfirmOptions {
  readonly evenLast?: true;
}

/** `veriqueue api-key …`: a client's own API keys, under one of them with the scope `manage`. */
export function addApiKeyCommands(program: Command, context: CliContext): void {
  const apiKey = program.command('api-key').description('your own API keys, with one that has manage');
  const list = apiKey
    .command('list')
    .description('each key by its beginning, with what it may do and its last use')
    .action((options: ApiOptions) => listKeys(context, options));
  const add = apiKey
    .command('add')
    .description('make another key, which may do no more than yours; it is shown once')
    .action((options: ApiOptions & KeyOptions) => addKey(context, options));
  addKeyOptions(add, 'as yours');
  const revoke = addConfirmOptions(
    apiKey
      .command('revoke')
      .description('refuse a key from now on')
      .argument('<prefix>', 'its beginning, as api-key list prints it')
      .option('--even-last', 'also the last one that has manage: only the operator can make another then'),
  ).action((prefix: string, options: RevokeOptions) => revokeKey(context, prefix, options));
  for (const command of [list, add, revoke]) addApiOptions(command);
}

async function listKeys(context: CliContext, options: ApiOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const keys = await openApi(await context.findApi(options)).apiKeys.list({ signal });
  const rows = keys.map((key) => [
    key.prefix,
    key.scopes.join('+'),
    time(key.createdAt),
    time(key.expiresAt),
    key.addresses.join(' ') || 'anywhere',
    time(key.lastUsedAt),
    key.current ? 'this one' : '',
  ]);
  const headings = ['KEY', 'MAY', 'MADE', 'ENDS', 'FROM', 'LAST USED', ''];
  terminal.show(keys, terminal.table(headings, rows, 'No keys.'));
}

const time = (text: string | null): string => (text === null ? '-' : formatTime(Date.parse(text)));

async function addKey(context: CliContext, options: ApiOptions & KeyOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const api = openApi(await context.findApi(options));
  const made = await api.apiKeys.add(readKeyOptions(options, context.now()), { signal });
  terminal.show(
    made,
    terminal.pairs({
      'API key': made.apiKey,
      may: made.scopes.join(', '),
      ends: time(made.expiresAt),
      from: made.addresses.join(' ') || 'anywhere',
    }),
  );
  terminal.remark('It cannot be shown again.');
}

async function revokeKey(
  context: CliContext,
  prefix: string,
  { evenLast, ...options }: RevokeOptions,
): Promise<void> {
  const { terminal, interrupted: signal } = context;
  const { apiKeys } = openApi(await context.findApi(options));
  const found = (await apiKeys.list({ signal })).find((key) => key.prefix === prefix);
  if (found === undefined) {
    throw new CommandFailure(`No API key begins with ${prefix}: veriqueue api-key list shows yours`);
  }
  if (!(await isConfirmed(context, `revoke the API key ${describe(found)}`, options))) return;
  await apiKeys.revoke(prefix, { evenLast: evenLast ?? false, signal });
  terminal.show({ revoked: prefix }, `${prefix}… is revoked.`);
}

const describe = ({ prefix, current }: ApiKey): string =>
  current ? `${prefix}…, which this command uses` : `${prefix}…`;
