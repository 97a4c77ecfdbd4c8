import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { authenticate } from './authenticate.ts';
import { ANY_ORIGIN, type ClientStore, readClient } from './client.ts';
import { type ClientCredentials, generateCredentials, storeClient } from './create-client.ts';

const credentialsFile = z.object({ clientId: z.string(), apiKey: z.string(), webhookSecret: z.string() });

/**
 * The one client of development mode: made at the first start, the same ever after. Its credentials stand in a file
 * only its owner may read. The file decides: when Redis has lost the client, it is made again with the same credentials.
 *
 * @throws {Error} when the file exists but cannot be read; it is never replaced, because a program may rely on its key
 */
export async function ensureDevClient(
  store: ClientStore & { readonly dataDir: string },
): Promise<ClientCredentials & { readonly path: string }> {
  const path = join(store.dataDir, 'dev-client.json');
  const credentials = await readOrMakeCredentials(store.dataDir, path);
  const now = Date.now();
  if (!(await isStored(store, credentials, now))) {
    await storeClient(store, { name: 'dev', allowedOrigins: [ANY_ORIGIN], now }, credentials);
  }
  return { ...credentials, path };
}

async function isStored(store: ClientStore, credentials: ClientCredentials, now: number): Promise<boolean> {
  const [owner, reading] = await Promise.all([
    authenticate(store.redis, store.keys, credentials.apiKey),
    readClient(store, credentials.clientId, now),
  ]);
  return (
    owner?.client.id === credentials.clientId &&
    reading.status === 'found' &&
    reading.client.webhookSecrets.includes(credentials.webhookSecret)
  );
}

async function readOrMakeCredentials(dataDir: string, path: string): Promise<ClientCredentials> {
  const present = await readCredentials(path);
  if (present) return present;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const made = generateCredentials();
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  try {
    // A link appears complete and never replaces: of two processes that start at once, the second takes the first's.
    await link(draft, path);
    return made;
  } catch (error) {
    const theirs = await readCredentials(path);
    if (theirs) return theirs;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function readCredentials(path: string): Promise<ClientCredentials | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  await chmod(path, 0o600);
  const parsed = jsonText(credentialsFile).safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Error(`${path} must hold clientId, apiKey and webhookSecret. Delete it to get a new client`);
}
