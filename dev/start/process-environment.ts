import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { readAccountsFile } from '../../shared/config/accounts-file.ts';
import { pickSystemEnvironment } from '../../shared/system-environment.ts';
import { workerEnvironment } from '../../worker/settings.ts';

const SETTINGS = {
  producer: new Set(Object.keys(producerEnvironment.shape)),
  worker: new Set(Object.keys(workerEnvironment.shape)),
  sandbox: new Set(Object.keys(sandboxEnvironment.shape)),
} as const;

/** Of Node.js itself, and of the tracing that producer and worker do. */
const RUNTIME = /^(?:NODE_|OTEL_|UV_)/;

/**
 * The part of an environment that a process of ours reads, and no other: the upstream's account is for workers alone, the
 * operator key for producers, and the sandbox holds no secret but its own.
 */
export function environmentOf(
  part: keyof typeof SETTINGS,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const named = part === 'worker' ? listSecretVariables(environment['ACCOUNTS_FILE']) : [];
  const settings = Object.entries(environment).filter(
    ([name]) => SETTINGS[part].has(name) || RUNTIME.test(name) || named.includes(name),
  );
  return { ...pickSystemEnvironment(environment), ...Object.fromEntries(settings) };
}

/** The variables that a file of accounts refers to. One that cannot be read is reported by the worker. */
function listSecretVariables(path: string | undefined): readonly string[] {
  const file = path === undefined || path === '' ? null : readAccountsFile(path);
  if (!file?.ok) return [];
  return file.accounts.flatMap(({ credentials }) =>
    Object.values(credentials).flatMap((reference) =>
      reference !== undefined && 'env' in reference ? [reference.env] : [],
    ),
  );
}
