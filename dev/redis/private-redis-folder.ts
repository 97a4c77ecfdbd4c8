import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * What a private Redis keeps beside its data: port and password, the same over restarts, so that a `REDIS_URL`
 * handed to another process stays true. The port is also the lock of the folder: only one process can listen
 * on it, and Redis listens before it touches its data.
 */
const RedisIdentity = z.strictObject({
  port: z.int().min(1).max(65_535),
  password: z.string().regex(/^[0-9a-f]{64}$/),
});
export type RedisIdentity = z.infer<typeof RedisIdentity>;

/** Only the user reads the folder: it holds the password and, sealed, people's data. */
export async function prepareFolder(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await chmod(dataDir, 0o700);
}

/**
 * Reads the identity, or makes one. Of two programs that make one at the same time, both end up with the same.
 *
 * @throws {Error} if the file exists and is unreadable: a live Redis may still go by what it said
 */
export async function loadOrCreateIdentity(dataDir: string): Promise<RedisIdentity> {
  const known = await readIdentity(dataDir);
  if (known !== undefined) {
    return known;
  }
  const draft = await writeDraft(dataDir, await makeIdentity());
  try {
    // link() fails if the name is taken, and never shows a half-written file.
    await link(draft, identityFile(dataDir));
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) {
      throw error;
    }
  } finally {
    await rm(draft);
  }
  return loadOrCreateIdentity(dataDir);
}

/** For when another program has taken the port. The caller has made sure that no Redis runs in the folder. */
export async function replaceIdentity(dataDir: string): Promise<RedisIdentity> {
  const identity = await makeIdentity();
  await rename(await writeDraft(dataDir, identity), identityFile(dataDir));
  return identity;
}

/** Writes the configuration; the password must not be on the command line, which everybody can read. */
export async function writeConfig(dataDir: string, identity: RedisIdentity): Promise<string> {
  const file = join(dataDir, 'redis.conf');
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, formatConfig(dataDir, identity), { mode: 0o600 });
  await rename(draft, file);
  return file;
}

/**
 * A name for the pid file of one start. It carries the owner's pid, so that a running Redis can be asked for it
 * (CONFIG GET pidfile), and is new each time: Redis from 7.2 on writes the file before it finds its port taken.
 */
export function makePidFileName(dataDir: string, ownerPid: number): string {
  return join(dataDir, `redis-of-${ownerPid}-${randomBytes(4).toString('hex')}.pid`);
}

export function parseOwnerPid(pidFilePath: string): number | undefined {
  const digits = /redis-of-(\d+)-[0-9a-f]+\.pid$/.exec(pidFilePath)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The pid files of the folder, with the pid of the Redis each one names. */
export async function listPidFiles(dataDir: string): Promise<{ file: string; pid: number }[]> {
  const names = (await readdir(dataDir)).filter((name) => parseOwnerPid(name) !== undefined);
  return Promise.all(
    names.map(async (name) => {
      const file = join(dataDir, name);
      return { file, pid: Number(await readFile(file, 'utf8').catch(() => '0')) };
    }),
  );
}

export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is a process, of another user.
    return hasCode(error, 'EPERM');
  }
}

function formatConfig(dataDir: string, { port, password }: RedisIdentity): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `requirepass ${password}`,
    `dir ${quote(dataDir)}`,
    'appendonly yes',
    'appendfsync everysec',
    // The AOF is enough; snapshots beside it would fork a second time for the same data.
    'save ""',
    'maxmemory-policy noeviction',
    // It shares this machine: refusing writes is better than being killed for its memory.
    `maxmemory ${Math.floor(totalmem() * 0.6)}`,
    'daemonize no',
    'loglevel notice',
    'logfile ""',
    '',
  ].join('\n');
}

/** Redis splits its lines like a shell: a quoted word with backslash escapes. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

function identityFile(dataDir: string): string {
  return join(dataDir, 'instance.json');
}

async function readIdentity(dataDir: string): Promise<RedisIdentity | undefined> {
  const file = identityFile(dataDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
  try {
    return RedisIdentity.parse(JSON.parse(text));
  } catch {
    throw new Error(`${file} must hold a port and a password. Delete it if no Redis runs`);
  }
}

async function makeIdentity(): Promise<RedisIdentity> {
  return { port: await findFreePort(), password: randomBytes(32).toString('hex') };
}

async function writeDraft(dataDir: string, identity: RedisIdentity): Promise<string> {
  const draft = join(dataDir, `instance.${randomBytes(6).toString('hex')}.tmp`);
  await writeFile(draft, JSON.stringify(identity), { mode: 0o600 });
  return draft;
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('The system gave no free port')),
      );
    });
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
