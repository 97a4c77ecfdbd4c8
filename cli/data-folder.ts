import { join } from 'node:path';
import { z } from 'zod';
import { EnvironmentError } from '../shared/config/environment.ts';
import { jsonText } from '../shared/contract/json-text.ts';
import { type DataFolder, readTrustedFile, UntrustedFolderError } from '../shared/data-folder.ts';
import { openKmsKeys } from '../shared/kms/open-kms-keys.ts';
import { type KeyRing, parseKeyRing } from '../shared/sealing/key-ring.ts';
import type { ApiAccess } from './api-access.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { CliSettings } from './settings.ts';

const INSTANCE = join('redis', 'instance.json');
const SEALING_KEYS = 'sealing-keys';

/** As `npm start` leaves it beside the data of its private Redis. */
const instance = z.object({ port: z.number(), password: z.string() });

/**
 * The Redis to work on: that of `REDIS_URL`, else the private one of an `npm start` with the same data folder.
 *
 * @throws {CommandFailure} when there is neither
 */
export async function findRedisUrl({ REDIS_URL }: CliSettings, folder: DataFolder): Promise<string> {
  if (REDIS_URL !== undefined) return REDIS_URL;
  const parsed = jsonText(instance).safeParse(await readIfThere(folder, INSTANCE));
  if (parsed.success) return `redis://:${parsed.data.password}@127.0.0.1:${parsed.data.port}`;
  throw new CommandFailure(
    `No Redis to use. Set REDIS_URL, or run npm start in this folder first (no usable ${join(folder.path, INSTANCE)})`,
  );
}

/**
 * The sealing keys: those of `VERIQUEUE_KEYS`, else the ones `npm start` keeps in the data folder. Never made here: a
 * secret sealed with a key that no other process has would be lost.
 *
 * @throws {CommandFailure}
 */
export async function readKeyRing(
  settings: Pick<CliSettings, 'VERIQUEUE_KEYS'>,
  folder: DataFolder,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KeyRing> {
  const VERIQUEUE_KEYS = settings.VERIQUEUE_KEYS && (await openKeys(settings.VERIQUEUE_KEYS, environment));

  const path = join(folder.path, SEALING_KEYS);
  const text = VERIQUEUE_KEYS ?? (await readIfThere(folder, SEALING_KEYS))?.trim();
  if (text === undefined) {
    throw new CommandFailure(
      `No sealing keys to use. Set VERIQUEUE_KEYS, or run npm start in this folder first (no ${path})`,
    );
  }
  const parsed = parseKeyRing(text);
  if (parsed.ok) return parsed.keyRing;
  const from = VERIQUEUE_KEYS === undefined ? path : 'VERIQUEUE_KEYS';
  throw new CommandFailure(`The sealing keys of ${from} are wrong: ${parsed.errors.join('; ')}`);
}

/** Those of a key management service are opened. @throws {CommandFailure} */
async function openKeys(
  keys: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  try {
    const opened = await openKmsKeys({ ...environment, VERIQUEUE_KEYS: keys });
    return opened['VERIQUEUE_KEYS'];
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    const reasons = error.mistakes.map(({ variable, reason }) => `${variable}: ${reason}`);
    throw new CommandFailure(`The sealing keys cannot be used: ${reasons.join('; ')}`);
  }
}

const devApiKey = jsonText(z.object({ apiKey: z.string() }));
const devSecret = jsonText(z.object({ webhookSecret: z.string() }));
const DEV_CLIENT = 'dev-client.json';

/**
 * The producer of an `npm start` with the same data folder, and its client's API key.
 *
 * @throws {CommandFailure} when there is none
 */
export async function readDevelopmentApi(folder: DataFolder): Promise<ApiAccess> {
  const [credentials, address] = await Promise.all(
    [DEV_CLIENT, 'address'].map((file) => readIfThere(folder, file)),
  );
  const parsed = devApiKey.safeParse(credentials);
  if (parsed.success && address !== undefined) return { url: address.trim(), apiKey: parsed.data.apiKey };
  throw new CommandFailure(
    `No API to call. Set VERIQUEUE_URL and VERIQUEUE_API_KEY, or run npm start in this folder first (nothing usable in ${folder.path})`,
    EXIT.calledWrongly,
  );
}

/**
 * The webhook secret of that client.
 *
 * @throws {CommandFailure} when there is none
 */
export async function readDevelopmentSecret(folder: DataFolder): Promise<string> {
  const parsed = devSecret.safeParse(await readIfThere(folder, DEV_CLIENT));
  if (parsed.success) return parsed.data.webhookSecret;
  throw new CommandFailure(
    `No webhook secret to verify events with. Set VERIQUEUE_WEBHOOK_SECRET, use --secret-file, or run npm start in this folder first (no usable ${join(folder.path, DEV_CLIENT)})`,
    EXIT.calledWrongly,
  );
}

async function readIfThere(folder: DataFolder, name: string): Promise<string | undefined> {
  return readTrustedFile(folder, name).catch((error: unknown) => {
    if (error instanceof UntrustedFolderError) throw new CommandFailure(error.message, EXIT.calledWrongly);
    throw error;
  });
}
