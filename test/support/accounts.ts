import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/app.ts';

/** Of an account in ACCOUNTS_FILE, besides where it is and its secrets. */
export interface TestAccount {
  readonly name: string;
  /** @default 20 */
  readonly quota?: number;
  readonly weight?: number;
  readonly clients?: readonly string[];
  /** Of its sandbox. */
  readonly sandbox?: Partial<SandboxOptions>;
}

export interface TestAccounts {
  /** Names the file, and holds the secrets that it refers to. */
  readonly environment: Readonly<Record<string, string>>;
  readonly path: string;
  /** One upstream for each account, which records what arrives. */
  sandboxOf(name: string): Sandbox;
  /** The variables that hold the secrets of an account. */
  secretsOf(name: string): readonly string[];
  /** Writes the file again. */
  write(accounts: readonly TestAccount[]): Promise<void>;
  stop(): Promise<void>;
}

/** A sandbox for each account, with credentials of its own, and the file that names them. */
export async function startAccounts(accounts: readonly TestAccount[]): Promise<TestAccounts> {
  const folder = await mkdtemp(join(tmpdir(), 'accounts-'));
  const path = join(folder, 'accounts.yaml');
  const sandboxes = new Map<string, Sandbox>();
  const environment: Record<string, string> = { ACCOUNTS_FILE: path };
  for (const { name, quota = 20, sandbox = {} } of accounts) {
    const [secretId, secretKey] = [`id-of-${name}`, `key-of-${name}`];
    const options = { host: '127.0.0.1', port: 0, secretId, secretKey, quotaPerSecond: quota, ...sandbox };
    sandboxes.set(name, await createSandbox(options));
    const [idName = '', keyName = ''] = secretsOf(name);
    environment[idName] = secretId;
    environment[keyName] = secretKey;
  }
  const sandboxOf = (name: string): Sandbox => {
    const sandbox = sandboxes.get(name);
    if (sandbox === undefined) throw new Error(`There must be an account ${name}`);
    return sandbox;
  };
  const write = async (written: readonly TestAccount[]) => {
    await writeFile(
      path,
      stringify({ accounts: written.map((account) => describeEntry(account, sandboxOf)) }),
    );
  };
  await write(accounts);
  return {
    environment,
    path,
    sandboxOf,
    secretsOf,
    write,
    stop: async () => {
      await Promise.all([...sandboxes.values()].map((sandbox) => sandbox.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const secretsOf = (name: string): readonly string[] => {
  const variable = name.toUpperCase().replaceAll('-', '_');
  return [`ID_OF_${variable}`, `KEY_OF_${variable}`];
};

function describeEntry(
  { name, quota = 20, weight, clients }: TestAccount,
  sandboxOf: TestAccounts['sandboxOf'],
) {
  const [id, key] = secretsOf(name);
  return {
    name,
    credentials: { secretId: { env: id }, secretKey: { env: key } },
    endpoint: sandboxOf(name).url,
    quota,
    ...(weight === undefined ? {} : { weight }),
    ...(clients === undefined ? {} : { clients }),
  };
}
