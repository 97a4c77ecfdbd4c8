import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { TimeShift } from './shift-times.ts';

/** Text as it is; anything else as Base64. */
const bytes = z.union([z.string(), z.strictObject({ base64: z.string() })]);
type Bytes = z.infer<typeof bytes>;

/** One key by what it holds, and not by how a version of Redis writes it down, so that every version can load it. */
export const storedKey = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('string'), value: bytes }),
    z.strictObject({ type: z.literal('hash'), value: z.array(z.tuple([z.string(), bytes])) }),
    z.strictObject({ type: z.literal('list'), value: z.array(bytes) }),
    z.strictObject({ type: z.literal('set'), value: z.array(z.string()) }),
    z.strictObject({ type: z.literal('zset'), value: z.array(z.tuple([z.string(), z.number()])) }),
    z.strictObject({ type: z.literal('stream'), value: z.array(z.tuple([z.string(), z.array(z.string())])) }),
  ])
  .and(z.object({ key: z.string(), ttlMs: z.number().nullable() }));
export type StoredKey = z.infer<typeof storedKey>;

/** Reads every key of a Redis, in the order of their names. */
export async function dumpKeys(redis: Redis): Promise<StoredKey[]> {
  const names = (await redis.keys('*')).sort();
  const kept = await Promise.all(names.map((name) => dumpKey(redis, name)));
  return kept.flatMap((key) => (key === null ? [] : [key]));
}

/** Null when it has expired meanwhile. */
async function dumpKey(redis: Redis, key: string): Promise<StoredKey | null> {
  const [type, ttl] = await Promise.all([redis.type(key), redis.pttl(key)]);
  const common = { key, ttlMs: ttl < 0 ? null : ttl };
  switch (type) {
    case 'none':
      return null;
    case 'string':
      return { ...common, type, value: toBytes((await redis.getBuffer(key)) ?? Buffer.alloc(0)) };
    case 'hash': {
      const fields = Object.entries(await redis.hgetallBuffer(key));
      const value = fields.sort(([a], [b]) => (a < b ? -1 : 1));
      return { ...common, type, value: value.map(([name, content]) => [name, toBytes(content)]) };
    }
    case 'list':
      return { ...common, type, value: (await redis.lrangeBuffer(key, 0, -1)).map(toBytes) };
    case 'set':
      return { ...common, type, value: (await redis.smembers(key)).sort() };
    case 'zset':
      return { ...common, type, value: pairsOf(await redis.zrange(key, '0', '-1', 'WITHSCORES')) };
    case 'stream':
      return { ...common, type, value: await redis.xrange(key, '-', '+') };
    default:
      throw new Error(`Cannot keep ${key}: its type must be one that is known here, received ${type}`);
  }
}

function pairsOf(flat: readonly string[]): [string, number][] {
  return flat.flatMap((member, i): [string, number][] =>
    i % 2 === 0 ? [[member, Number(flat[i + 1])]] : [],
  );
}

function toBytes(buffer: Buffer): Bytes {
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : { base64: buffer.toString('base64') };
}

const fromBytes = (value: Bytes): Buffer =>
  typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value.base64, 'base64');

/** Writes keys into an empty Redis. @param agedMs how much of each life has passed since the recording */
export async function loadKeys(redis: Redis, keys: readonly StoredKey[], agedMs: number): Promise<void> {
  const living = keys.filter(({ ttlMs }) => ttlMs === null || ttlMs > agedMs);
  await Promise.all(living.map((stored) => loadKey(redis, stored)));
  await Promise.all(
    living.map(({ key, ttlMs }) => (ttlMs === null ? undefined : redis.pexpire(key, ttlMs - agedMs))),
  );
}

async function loadKey(redis: Redis, stored: StoredKey): Promise<unknown> {
  const { key } = stored;
  switch (stored.type) {
    case 'string':
      return redis.set(key, fromBytes(stored.value));
    case 'hash':
      return redis.hset(key, ...stored.value.flatMap(([name, content]) => [name, fromBytes(content)]));
    case 'list':
      return redis.rpush(key, ...stored.value.map(fromBytes));
    case 'set':
      return redis.sadd(key, ...stored.value);
    case 'zset':
      return redis.zadd(key, ...stored.value.flatMap(([member, score]) => [score, member]));
    case 'stream':
      return Promise.all(stored.value.map(([id, fields]) => redis.xadd(key, id, ...fields)));
    default:
      return stored satisfies never;
  }
}

/** The same key as if it had been recorded at another time; a ledger of a month may become two. */
export function shiftKey(stored: StoredKey, shift: TimeShift): StoredKey[] {
  const key = shift.text(stored.key);
  switch (stored.type) {
    case 'string':
      return [{ ...stored, key, value: shiftBytes(stored.value, shift) }];
    case 'hash':
      if (stored.key.endsWith(':quota')) return [{ ...stored, value: shiftTallies(stored.value, shift) }];
      if (stored.key.includes(':client-ledger:')) return shiftMonth(stored, stored.value, shift);
      return [
        {
          ...stored,
          key,
          value: stored.value.map(([name, value]): [string, Bytes] => [name, shiftBytes(value, shift)]),
        },
      ];
    case 'list':
      return [{ ...stored, key, value: stored.value.map((value) => shiftBytes(value, shift)) }];
    case 'set':
      return [{ ...stored, key }];
    case 'zset':
      return [
        {
          ...stored,
          key,
          value: stored.value.map(([member, score]): [string, number] => [member, shift.score(score)]),
        },
      ];
    case 'stream':
      return [
        {
          ...stored,
          key,
          value: stored.value.map(([id, fields]): [string, string[]] => [
            shift.text(id),
            fields.map(shift.text),
          ]),
        },
      ];
    default:
      return stored satisfies never;
  }
}

const shiftBytes = (value: Bytes, shift: TimeShift): Bytes =>
  typeof value === 'string' ? shift.text(value) : value;

/** What happened in a second stands in `t<second modulo 640>`. */
const TALLY = /^t\d+$/;
const TALLY_SECONDS = 640;

function shiftTallies(fields: readonly [string, Bytes][], shift: TimeShift): [string, Bytes][] {
  return fields.map(([name, value]) => {
    if (!TALLY.test(name) || typeof value !== 'string') return [name, shiftBytes(value, shift)];
    const [second = '0', ...counts] = value.split(':');
    const shifted = shift.second(Number(second));
    return [`t${shifted % TALLY_SECONDS}`, [shifted, ...counts].join(':')];
  });
}

/** `client-ledger:<client>:<yyyy-mm>` has fields that begin with the day of the month. */
function shiftMonth(stored: StoredKey, fields: readonly [string, Bytes][], shift: TimeShift): StoredKey[] {
  const at = stored.key.length - 'yyyy-mm'.length;
  const months = new Map<string, [string, Bytes][]>();
  for (const [name, value] of fields) {
    const day = shift.day(`${stored.key.slice(at)}-${name.slice(0, 2)}`);
    const month = day.slice(0, 'yyyy-mm'.length);
    months.set(month, [...(months.get(month) ?? []), [`${day.slice(-2)}${name.slice(2)}`, value]]);
  }
  return [...months].map(([month, value]) => ({
    key: `${stored.key.slice(0, at)}${month}`,
    ttlMs: stored.ttlMs,
    type: 'hash' as const,
    value,
  }));
}
