import { type Command, InvalidArgumentError, Option } from 'commander';
import { resolveSecrets } from '../shared/config/account-secrets.ts';
import type { AccountEntry, SecretReference } from '../shared/config/accounts-file.ts';
import type { AccountReport } from '../shared/contract/accounts.ts';
import { checkAccount } from '../shared/upstream/check-account.ts';
import { accountsPath, readAccountsText, writeAccountsText } from './accounts/accounts-file-access.ts';
import { type Edit, editAccountsFile, type WrittenCredentials } from './accounts/edit-accounts-file.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { withOperations } from './operations/with-operations.ts';

interface FileOptions {
  readonly file?: string;
  readonly check: boolean;
  readonly dryRun?: true;
}

interface SecretOptions {
  readonly secretId?: SecretReference;
  readonly secretKey?: SecretReference;
  readonly token?: SecretReference;
}

interface AddOptions extends FileOptions, SecretOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly quota?: number;
  readonly weight?: number;
  readonly client?: readonly string[];
  readonly livemode?: boolean;
}

/** `veriqueue account …`: the accounts behind the queue. The file of accounts is changed here, and read by workers when they start. */
export function addAccountCommands(program: Command, context: CliContext): void {
  const account = program.command('account').description('the upstream accounts behind the queue');
  account
    .command('list')
    .description('each account: state, quota, calls of the last minute, what was billed today')
    .action(() => list(context));
  addFileOptions(
    addSecretOptions(
      account
        .command('add')
        .description('ask the account a question that costs nothing, and write it into the file of accounts')
        .argument('<name>', 'main, for the account that you have, or a new name')
        .option('--endpoint <url>', 'where it is asked')
        .option('--region <region>', 'that calls name')
        .option('--quota <count>', 'calls a second that the upstream allows it', parseNumber)
        .option('--weight <number>', 'its part while several are open', parseNumber)
        .option('--client <id>', 'reserve it for this client; may be repeated', collect)
        .addOption(
          new Option('--livemode <true|false>', 'for a host that does not say it').argParser(parseFlag),
        ),
    ),
  ).action((name: string, options: AddOptions) => add(context, name, options));
  addFileOptions(
    addSecretOptions(
      account
        .command('rotate')
        .description('check new secrets, and write where they are; without any, check those that are there')
        .argument('<name>'),
    ),
  ).action((name: string, options: FileOptions & SecretOptions) => rotate(context, name, options));
  addConfirmOptions(
    account
      .command('pause')
      .description('ask this account nothing more, not even probes; the others go on')
      .argument('<name>')
      .requiredOption('--reason <text>', 'why; clients see it too, at GET /v1/lane'),
  ).action((name: string, options: ConfirmOptions & { readonly reason: string }) =>
    pause(context, name, options),
  );
  addConfirmOptions(
    account
      .command('resume')
      .description('end a pause, a hold and a slow phase of this account')
      .argument('<name>'),
  ).action((name: string, options: ConfirmOptions) => resume(context, name, options));
}

function addSecretOptions(command: Command): Command {
  const where = 'as env:NAME or file:/path';
  return command
    .option('--secret-id <reference>', `where its SecretId is, ${where}`, parseReference)
    .option('--secret-key <reference>', `where its SecretKey is, ${where}`, parseReference)
    .option('--token <reference>', `where the token of temporary credentials is, ${where}`, parseReference);
}

function addFileOptions(command: Command): Command {
  return command
    .option('--file <path>', 'the file of accounts (ACCOUNTS_FILE)')
    .option('--no-check', 'do not ask the account first')
    .option('--dry-run', 'say what would be done, and do nothing');
}

function parseReference(text: string): SecretReference {
  const [, kind, where = ''] = /^(env|file):(.+)$/.exec(text) ?? [];
  if (kind === 'env' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(where)) return { env: where };
  if (kind === 'file' && where.startsWith('/')) return { file: where };
  throw new InvalidArgumentError('must be env:NAME or file:/path, not the secret itself');
}

function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('must be a number');
}

function parseFlag(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('must be true or false');
}

const collect = (client: string, before: readonly string[] = []): readonly string[] => [...before, client];

async function list(context: CliContext): Promise<void> {
  const accounts = await withOperations(context, (operations) => operations.listAccounts());
  const { terminal } = context;
  const headings = ['name', 'status', 'quota', 'workers', 'last minute', 'refused', 'billed today', 'reason'];
  terminal.show(accounts, terminal.table(headings, accounts.map(describeAccount), 'No accounts.'));
}

function describeAccount({ name, status, quota, workers, calls, today, reason }: AccountReport): string[] {
  return [
    name,
    status,
    `${quota.perSecond}/s`,
    String(workers),
    String(calls.lastMinute),
    String(calls.refusedLastMinute),
    String(today.billed),
    reason ?? '',
  ];
}

async function add(context: CliContext, name: string, options: AddOptions): Promise<void> {
  const { endpoint, region, quota, weight, client: clients, livemode } = options;
  const credentials = requireCredentials(options);
  if (credentials === null) throw new CommandFailure('Give --secret-id and --secret-key', EXIT.calledWrongly);
  const account = { name, credentials, endpoint, region, quota, weight, clients, livemode };
  await edit(context, name, { edit: { do: 'add', account }, options });
}

async function rotate(
  context: CliContext,
  name: string,
  options: FileOptions & SecretOptions,
): Promise<void> {
  const given = requireCredentials(options);
  await edit(context, name, { edit: { do: 'rotate', name, credentials: given }, options });
}

/** Null without any of them. @throws {CommandFailure} for a part of them */
function requireCredentials({ secretId, secretKey, token }: SecretOptions): WrittenCredentials | null {
  if (secretId !== undefined && secretKey !== undefined) return { secretId, secretKey, token };
  if (secretId === undefined && secretKey === undefined && token === undefined) return null;
  throw new CommandFailure('Give --secret-id and --secret-key, both', EXIT.calledWrongly);
}

async function edit(
  context: CliContext,
  name: string,
  { edit: wanted, options }: { readonly edit: Edit; readonly options: FileOptions },
): Promise<void> {
  const path = accountsPath(options.file, context.environment);
  const text = await readAccountsText(path);
  if (text === '' && name !== 'main') {
    throw new CommandFailure(
      `Cannot begin ${path} with ${name}: add the account that you have first, under the name main`,
      EXIT.calledWrongly,
    );
  }
  const edited = editAccountsFile(text, wanted, { asJson: path.endsWith('.json') });
  if (edited.status === 'refused') {
    throw new CommandFailure(`Cannot change ${path}: ${edited.mistakes.join('; ')}`, EXIT.calledWrongly);
  }
  if (options.check) await requireUsable(context, edited.account);
  const did = wanted.do === 'add' ? 'added' : wanted.credentials === null ? 'checked' : 'rotated';
  const isWritten = edited.text !== text && options.dryRun !== true;
  if (isWritten) await writeAccountsText(path, edited.text);
  const next = 'Restart the workers one by one: each reads the file when it starts.';
  context.terminal.show(
    { account: name, file: path, status: isWritten || did === 'checked' ? did : 'unchanged' },
    options.dryRun === true
      ? `${name} can be ${did}. Nothing was changed.`
      : `${name} is ${did}${isWritten ? ` in ${path}` : ''}. ${next}`,
  );
}

/** @throws {CommandFailure} when the account may not be asked, or cannot be reached from here */
async function requireUsable(context: CliContext, account: AccountEntry): Promise<void> {
  const secrets = resolveSecrets(account, context.environment);
  const without = 'to leave the check out, give --no-check';
  if (secrets.status === 'absent') {
    throw new CommandFailure(
      `Cannot check ${account.name}: ${secrets.missing} must be set here too; ${without}`,
    );
  }
  if (secrets.status === 'wrong') {
    throw new CommandFailure(`Cannot check ${account.name}: ${secrets.reasons.join('; ')}`);
  }
  const { endpoint, region } = account;
  const check = await checkAccount({ endpoint, region, credentials: secrets.credentials }, context.now());
  if (check.status === 'usable') return;
  const what =
    check.status === 'refused'
      ? `the upstream refuses it with ${check.code} (${check.why})`
      : `the upstream cannot be reached from here (${check.why})`;
  throw new CommandFailure(`Cannot use ${account.name}: ${what}; ${without}`);
}

async function pause(
  context: CliContext,
  name: string,
  { reason, ...options }: ConfirmOptions & { readonly reason: string },
): Promise<void> {
  if (reason.trim() === '')
    throw new CommandFailure('Give a --reason: operators see it while the account is paused', 2);
  await withOperations(context, async (operations) => {
    if (!(await isConfirmed(context, `pause account ${name}${operations.at}`, options))) return;
    const status = await operations.pauseAccount(name, reason);
    context.terminal.show(
      { account: name, status },
      status === 'paused'
        ? `${name} is paused; veriqueue account resume ${name} ends it.`
        : `${name} was paused already; the reason is the new one.`,
    );
  });
}

async function resume(context: CliContext, name: string, options: ConfirmOptions): Promise<void> {
  await withOperations(context, async (operations) => {
    if (!(await isConfirmed(context, `resume account ${name}${operations.at}`, options))) return;
    const from = await operations.resumeAccount(name);
    context.terminal.show(
      from.length > 0
        ? { account: name, status: 'resumed', from }
        : { account: name, status: 'already_running' },
      from.length > 0 ? `${name} goes on; it was ${from.join(' and ')}.` : `${name} was running.`,
    );
  });
}
