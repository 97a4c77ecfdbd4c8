import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { Place } from './leak-search.ts';

/** Every file of a folder, at any depth. */
export async function readFiles(folder: string, label: string): Promise<readonly Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => ({
        name: `${label} ${entry.name}`,
        bytes: await readFile(join(entry.parentPath, entry.name)),
      })),
  );
}

/**
 * Writes a snapshot and rewrites the append-only file. Compression is off first: it would hide what is stored, and
 * nothing is safe for being compressed.
 */
export async function writeDumps(redis: Redis): Promise<void> {
  await redis.config('SET', 'rdbcompression', 'no');
  await redis.save();
  await redis.bgrewriteaof();
  for (;;) {
    const info = await redis.info('persistence');
    const busy = /aof_rewrite_in_progress:1|aof_rewrite_scheduled:1|rdb_bgsave_in_progress:1/.test(info);
    if (!busy) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Every key with all it holds, of whatever type, one place each. */
export async function readKeys(redis: Redis): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (let cursor = '0'; ; ) {
    const [next, keys] = await redis.scanBuffer(cursor, 'COUNT', 500);
    places.push(...(await Promise.all(keys.map((key) => readKey(redis, key)))));
    cursor = next.toString();
    if (cursor === '0') return places;
  }
}

async function readKey(redis: Redis, key: Buffer): Promise<Place> {
  const type = await redis.type(key);
  const read = READERS[type];
  if (read === undefined) throw new Error(`Cannot read a key of type ${type}`);
  return { name: `${type} ${key.toString()}`, bytes: join0([key, await read(redis, key)]) };
}

const READERS: Readonly<Record<string, (redis: Redis, key: Buffer) => Promise<unknown>>> = {
  none: async () => null,
  string: (redis, key) => redis.getBuffer(key),
  hash: (redis, key) => redis.callBuffer('HGETALL', key),
  list: (redis, key) => redis.lrangeBuffer(key, 0, -1),
  set: (redis, key) => redis.smembersBuffer(key),
  zset: (redis, key) => redis.callBuffer('ZRANGE', key, 0, -1, 'WITHSCORES'),
  stream: (redis, key) => redis.callBuffer('XRANGE', key, '-', '+'),
};

/** Flattens a reply of any depth; a zero byte between its parts, so that no two make a third. */
function join0(reply: unknown): Buffer {
  const parts = (Array.isArray(reply) ? reply.flat(9) : [reply]).flatMap((part) =>
    Buffer.isBuffer(part) ? [part, Buffer.alloc(1)] : [Buffer.from(`${String(part)}\0`)],
  );
  return Buffer.concat(parts);
}
