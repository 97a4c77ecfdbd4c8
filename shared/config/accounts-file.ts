import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { decideLivemode } from './livemode.ts';
import { upstreamOrSandboxEndpoint } from './shapes.ts';

/** Where a secret is kept. The file itself holds none, so that it can be given to every process, and be looked at. */
export type SecretReference = { readonly env: string } | { readonly file: string };

const LONGEST_FILE_BYTES = 1_048_576;
/** Accounts are labels of metrics, and each is asked for its state. */
const MOST_ACCOUNTS = 100;

const text = (rule: string) =>
  z.string({ error: (issue) => (issue.input === undefined ? 'must be set' : rule) });
const number = (rule: string) => z.number({ error: rule });

const REFERENCE_RULE = 'must be { env: NAME } or { file: /path }: the secret itself does not belong here';
const shapes = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/) }),
  z.strictObject({ file: z.string().regex(/^\//) }),
]);
// One mistake whatever is wrong with it: what stands there may be the secret.
const reference = z.custom<SecretReference>((value) => shapes.safeParse(value).success, {
  error: (issue) => (issue.input === undefined ? 'must be set' : REFERENCE_RULE),
});

const NAME_RULE = 'must be 1 to 32 lower-case letters, digits or hyphens';
const REGION_RULE = 'must be a region, such as ap-guangzhou';
const QUOTA_RULE = 'must be a whole number from 1 to 20000';
const WEIGHT_RULE = 'must be a number from 0 to 1000000';
const CLIENTS_RULE = 'must be a list of client ids, such as cli_01k…';

const accountEntry = z
  .strictObject(
    {
      name: text(NAME_RULE).regex(/^[a-z0-9-]{1,32}$/, NAME_RULE),
      credentials: z.strictObject(
        { secretId: reference, secretKey: reference, token: reference.optional() },
        { error: objectRule('must have secretId and secretKey') },
      ),
      endpoint: z
        .pipe(text('must be a URL'), upstreamOrSandboxEndpoint)
        .default('https://faceid.intl.tencentcloudapi.com'),
      region: text(REGION_RULE)
        .regex(/^[a-z0-9-]{1,32}$/, REGION_RULE)
        .optional(),
      quota: number(QUOTA_RULE).int(QUOTA_RULE).min(1, QUOTA_RULE).max(20_000, QUOTA_RULE).default(20),
      weight: number(WEIGHT_RULE).min(0, WEIGHT_RULE).max(1_000_000, WEIGHT_RULE).optional(),
      clients: z
        .array(text(CLIENTS_RULE).regex(/^\S{1,128}$/, CLIENTS_RULE), { error: CLIENTS_RULE })
        .min(1, CLIENTS_RULE)
        .optional(),
      livemode: z.boolean({ error: 'must be true or false' }).optional(),
    },
    { error: objectRule('must be an account with name and credentials') },
  )
  .superRefine(({ endpoint, livemode }, context) => {
    if (!upstreamOrSandboxEndpoint.safeParse(endpoint).success) return;
    const mode = decideLivemode(endpoint, livemode);
    if (mode.known) return;
    const message = mode.reason.replace('a FACEID_ENDPOINT', 'an endpoint');
    context.addIssue({ code: 'custom', path: ['livemode'], message });
  });

/** One account as the file has it: no secret among it. */
export type AccountEntry = z.output<typeof accountEntry>;

export type AccountsFile =
  | { readonly ok: true; readonly accounts: readonly AccountEntry[] }
  /** Each with its path in the file, and without any value of it. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads ACCOUNTS_FILE: YAML, of which JSON is a part. All its mistakes at once. */
export function readAccountsFile(path: string): AccountsFile {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { ok: false, mistakes: [`must be the path of a readable file (${reason})`] };
  }
  return parseAccounts(content);
}

/** @param content YAML or JSON */
export function parseAccounts(content: string): AccountsFile {
  if (content.length > LONGEST_FILE_BYTES) return { ok: false, mistakes: ['must be at most 1 MiB long'] };
  let document: unknown;
  try {
    document = parse(content);
  } catch (error) {
    // Its message quotes the line, which may hold a secret that does not belong there.
    const at = error instanceof YAMLParseError && error.linePos ? ` in line ${error.linePos[0].line}` : '';
    return { ok: false, mistakes: [`must be YAML or JSON: there is a mistake${at}`] };
  }
  const list = z
    .strictObject({ accounts: z.array(z.unknown()).min(1).max(MOST_ACCOUNTS) })
    .safeParse(document);
  if (!list.success) {
    return { ok: false, mistakes: [`must have the field accounts alone, a list of 1 to ${MOST_ACCOUNTS}`] };
  }
  const entries = list.data.accounts.map((entry) => accountEntry.safeParse(entry));
  const mistakes = entries.flatMap((entry, i) =>
    entry.success ? [] : entry.error.issues.map((issue) => describeIssue(i, issue)),
  );
  const accounts = entries.flatMap((entry) => (entry.success ? [entry.data] : []));
  const all = [...mistakes, ...compareEntries(list.data.accounts, accounts)];
  return all.length > 0 ? { ok: false, mistakes: all } : { ok: true, accounts };
}

function describeIssue(index: number, issue: z.core.$ZodIssue): string {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  const where = `accounts[${index}]${path}`;
  return issue.code === 'unrecognized_keys'
    ? `${where} must not have the field ${issue.keys.join(', ')}`
    : `${where} ${issue.message}`;
}

/** What no entry shows alone. Names are compared even where another field is wrong. */
function compareEntries(raw: readonly unknown[], accounts: readonly AccountEntry[]): string[] {
  const names = raw.map((entry) => z.object({ name: z.string() }).safeParse(entry).data?.name);
  const repeated = names.flatMap((name, i) =>
    name !== undefined && names.indexOf(name) < i
      ? [`accounts[${i}].name must be its own: accounts[${names.indexOf(name)}] has it too`]
      : [],
  );
  const modes = new Set(accounts.map(isLive));
  if (modes.size <= 1) return repeated;
  return [
    ...repeated,
    'accounts must be all real or all sandbox: one queue must not answer some people for real and others for a test',
  ];
}

export function isLive({ endpoint, livemode }: Pick<AccountEntry, 'endpoint' | 'livemode'>): boolean {
  const mode = decideLivemode(endpoint, livemode);
  return mode.known && mode.livemode;
}

/** Of the account itself, and not of a field that it must not have. */
function objectRule(rule: string) {
  return (issue: { readonly code?: string | undefined; readonly input?: unknown }) => {
    if (issue.code !== 'invalid_type') return undefined;
    return issue.input === undefined ? 'must be set' : rule;
  };
}
