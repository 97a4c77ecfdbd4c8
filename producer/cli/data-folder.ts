import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonText } from '../../shared/contract/json-text.ts';
import { type KeyRing, parseKeyRing } from '../../shared/sealing/key-ring.ts';
import type { ApiAccess } from './api.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { CliSettings } from './settings.ts';

/** As `npm start` leaves it beside the data of its private Redis. */
const instance = z.object({ port: z.number(), password: z.string() });

/**
 * The Redis to work on: that of `REDIS_URL`, else the private one of an `npm start` with the same data folder.
 *
 * @throws {CommandFailure} when there is neither
 */
export async function findRedisUrl({ REDIS_URL, VERIQUEUE_DATA_DIR }: CliSettings): Promise<string> {
  if (REDIS_URL !== undefined) return REDIS_URL;
  const path = join(VERIQUEUE_DATA_DIR, 'redis', 'instance.json');
  const parsed = jsonText(instance).safeParse(await readIfThere(path));
  if (parsed.success) return `redis://:${parsed.data.password}@127.0.0.1:${parsed.data.port}`;
  throw new CommandFailure(
    `Cannot find Redis: REDIS_URL must be set, or npm start must have run here (no usable ${path})`,
  );
}

/**
 * The sealing keys: those of `VERIQUEUE_KEYS`, else the ones `npm start` keeps in the data folder. Never made here: a
 * secret sealed with a key that no other process has would be lost.
 *
 * @throws {CommandFailure}
 */
export async function readKeyRing({ VERIQUEUE_KEYS, VERIQUEUE_DATA_DIR }: CliSettings): Promise<KeyRing> {
  const path = join(VERIQUEUE_DATA_DIR, 'sealing-keys');
  const text = VERIQUEUE_KEYS ?? (await readIfThere(path))?.trim();
  if (text === undefined) {
    throw new CommandFailure(
      `Cannot open what is sealed: VERIQUEUE_KEYS must be set, or npm start must have run here (no ${path})`,
    );
  }
  const parsed = parseKeyRing(text);
  if (parsed.ok) return parsed.keyRing;
  const from = VERIQUEUE_KEYS === undefined ? path : 'VERIQUEUE_KEYS';
  throw new CommandFailure(`Cannot use the sealing keys of ${from}: ${parsed.errors.join('; ')}`);
}

const devApiKey = jsonText(z.object({ apiKey: z.string() }));
const devSecret = jsonText(z.object({ webhookSecret: z.string() }));
const DEV_CLIENT = 'dev-client.json';

/**
 * The producer of an `npm start` with the same data folder, and its client's API key.
 *
 * @throws {CommandFailure} when there is none
 */
export async function readDevelopmentApi({ VERIQUEUE_DATA_DIR }: CliSettings): Promise<ApiAccess> {
  const [credentials, address] = await Promise.all(
    [DEV_CLIENT, 'address'].map((file) => readIfThere(join(VERIQUEUE_DATA_DIR, file))),
  );
  const parsed = devApiKey.safeParse(credentials);
  if (parsed.success && address !== undefined) return { url: address.trim(), apiKey: parsed.data.apiKey };
  throw new CommandFailure(
    `Cannot call the API: VERIQUEUE_URL and VERIQUEUE_API_KEY must be set, or npm start must have run here (nothing usable in ${VERIQUEUE_DATA_DIR})`,
    EXIT.calledWrongly,
  );
}

/**
 * The webhook secret of that client.
 *
 * @throws {CommandFailure} when there is none
 */
export async function readDevelopmentSecret({ VERIQUEUE_DATA_DIR }: CliSettings): Promise<string> {
  const path = join(VERIQUEUE_DATA_DIR, DEV_CLIENT);
  const parsed = devSecret.safeParse(await readIfThere(path));
  if (parsed.success) return parsed.data.webhookSecret;
  throw new CommandFailure(
    `Cannot verify events: --secret must be given, or npm start must have run here (no usable ${path})`,
    EXIT.calledWrongly,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
