import { EnvironmentError, parseEnvironment } from '../config/environment.ts';
import { askKms, type KmsDeps } from './ask-kms.ts';
import { KMS_PROVIDERS, type KmsProvider } from './kms-request.ts';
import { kmsEnvironment } from './kms-settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const KEYS = 'VERIQUEUE_KEYS';
const ENTRY = /^kms:([a-z]+):(.+)$/;

/** An entry that a service opens: `kms:<provider>:<ciphertext>`. */
export function formatKmsEntry(provider: KmsProvider, ciphertext: string): string {
  return `kms:${provider}:${ciphertext}`;
}

export interface KmsOptions {
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch;
  /** @default Date.now */
  readonly now?: () => number;
}

/**
 * Replaces each `kms:<provider>:<ciphertext>` in VERIQUEUE_KEYS by what its service opens it to: the entry as `keys generate`
 * prints it. It is asked for once, before anything else starts; after that nothing depends on the service.
 *
 * @returns the environment as it is when it has no such entry: then nothing is asked
 * @throws {EnvironmentError} naming every entry that was not opened, and why
 */
export async function openKmsKeys(
  environment: Environment,
  { fetch = globalThis.fetch, now = Date.now }: KmsOptions = {},
): Promise<Environment> {
  const keys = environment[KEYS] ?? '';
  if (!/(^|,)\s*kms:/.test(keys)) return environment;
  const deps = { settings: parseEnvironment(kmsEnvironment, environment), fetch, now };
  const entries = keys.split(',').map((entry) => entry.trim());
  const readings = await Promise.all(entries.map((entry, i) => openEntry(deps, entry, i + 1)));
  const reasons = readings.flatMap(({ reason }) => (reason === null ? [] : [reason]));
  if (reasons.length > 0) throw new EnvironmentError(reasons.map((reason) => ({ variable: KEYS, reason })));
  return { ...environment, [KEYS]: readings.map(({ text }) => text).join(',') };
}

interface EntryReading {
  readonly text: string;
  readonly reason: string | null;
}

async function openEntry(deps: KmsDeps, entry: string, position: number): Promise<EntryReading> {
  if (!entry.startsWith('kms:')) return { text: entry, reason: null };
  const [, name = '', ciphertext = ''] = ENTRY.exec(entry) ?? [];
  const provider = KMS_PROVIDERS.find((known) => known === name);
  if (provider === undefined) {
    const known = KMS_PROVIDERS.join(', ');
    return { text: '', reason: `entry ${position} must be kms:<provider>:<ciphertext>, of ${known}` };
  }
  const answer = await askKms(deps, provider, { kind: 'decrypt', ciphertext });
  if (!answer.ok) {
    return { text: '', reason: `entry ${position} (kms:${provider}) is not opened: ${answer.reason}` };
  }
  const text = Buffer.from(answer.value, 'base64').toString('utf8');
  // A comma would make two entries of one, and a service of another entry is not asked for.
  if (/^[A-Za-z0-9_:+/=-]{1,200}$/.test(text) && !text.startsWith('kms:')) return { text, reason: null };
  const reason = `entry ${position} (kms:${provider}) must open to one key, as keys generate prints it, and opens to something else`;
  return { text: '', reason };
}
