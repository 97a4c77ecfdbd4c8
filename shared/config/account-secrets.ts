import { readFileSync } from 'node:fs';
import type { AccountEntry, SecretReference } from './accounts-file.ts';
import { secretText } from './shapes.ts';

/** What calls of an account are signed with. */
export interface AccountCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary credentials (STS). */
  readonly token?: string;
}

export type AccountSecrets =
  | { readonly status: 'found'; readonly credentials: AccountCredentials }
  /** None of them is here: another process serves this account. */
  | { readonly status: 'absent'; readonly missing: string }
  | { readonly status: 'wrong'; readonly reasons: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** Follows an account's references. A part of the secrets is a mistake; none of them means that the account is not this process'. */
export function resolveSecrets(
  { credentials }: Pick<AccountEntry, 'credentials'>,
  environment: Environment,
): AccountSecrets {
  const parts = Object.entries(credentials).flatMap(([name, reference]) =>
    reference === undefined ? [] : [{ name, reference, secret: readSecret(reference, environment) }],
  );
  const missing = parts.filter(({ secret }) => secret.status === 'absent');
  if (missing.length === parts.length) {
    return { status: 'absent', missing: missing.map(({ reference }) => nameOf(reference)).join(', ') };
  }
  const reasons = parts.flatMap(({ name, reference, secret }) => {
    if (secret.status === 'found') return [];
    const what =
      secret.status === 'absent' ? 'must exist, as the other secrets of this account do' : secret.reason;
    return [`${name}: ${nameOf(reference)} ${what}`];
  });
  if (reasons.length > 0) return { status: 'wrong', reasons };
  const secretOf = (wanted: string) => {
    const secret = parts.find(({ name }) => name === wanted)?.secret;
    return secret?.status === 'found' ? secret.text : undefined;
  };
  const token = secretOf('token');
  return {
    status: 'found',
    credentials: {
      secretId: secretOf('secretId') ?? '',
      secretKey: secretOf('secretKey') ?? '',
      ...(token === undefined ? {} : { token }),
    },
  };
}

const nameOf = (reference: SecretReference): string =>
  'env' in reference ? `the variable ${reference.env}` : `the file ${reference.file}`;

type Secret =
  | { readonly status: 'found'; readonly text: string }
  | { readonly status: 'absent' }
  | { readonly status: 'wrong'; readonly reason: string };

function readSecret(reference: SecretReference, environment: Environment): Secret {
  const read = 'env' in reference ? readVariable(environment[reference.env]) : readSecretFile(reference.file);
  if (read.status !== 'found') return read;
  const parsed = secretText.safeParse(read.text);
  return parsed.success
    ? { status: 'found', text: parsed.data }
    : { status: 'wrong', reason: parsed.error.issues[0]?.message ?? 'must be a secret' };
}

const readVariable = (value: string | undefined): Secret =>
  value === undefined || value === '' ? { status: 'absent' } : { status: 'found', text: value };

/** The line end that editors and `echo` leave at its end is no part of it. */
function readSecretFile(path: string): Secret {
  try {
    return { status: 'found', text: readFileSync(path, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return code === 'ENOENT'
      ? { status: 'absent' }
      : { status: 'wrong', reason: `must be a readable file (${code})` };
  }
}
