import type { Redis } from 'ioredis';

/** Everything that stands in a Redis: by key its value, and whether it expires. */
export async function readWholeRedis(redis: Redis): Promise<Readonly<Record<string, unknown>>> {
  const keys = (await redis.keys('*')).sort();
  const entries = await Promise.all(
    keys.map(async (key) => [
      key,
      { value: await readValue(redis, key), expires: (await redis.pttl(key)) > 0 },
    ]),
  );
  return Object.fromEntries(entries);
}

async function readValue(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return Object.entries(await redis.hgetall(key)).sort();
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return (await redis.smembers(key)).sort();
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      throw new Error(`Cannot compare ${key}: its type must be known, received ${type}`);
  }
}

/** What one script left behind after it ran, and after it ran again with the same arguments. */
export interface ResentScript {
  readonly once: Readonly<Record<string, unknown>>;
  readonly twice: Readonly<Record<string, unknown>>;
  readonly replies: readonly [unknown, unknown];
}

/**
 * A connection that loses the first reply of every script and sends the script again, as ioredis does when a connection breaks
 * between the two. The caller gets the second reply.
 */
export function loseReplies(redis: Redis, seen: ResentScript[]): Redis {
  const resend =
    (send: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      const first = await send(...args);
      const once = await readWholeRedis(redis);
      const second = await send(...args);
      seen.push({ once, twice: await readWholeRedis(redis), replies: [first, second] });
      return second;
    };
  return new Proxy(redis, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const bound = value.bind(target);
      return property === 'call' || property === 'callBuffer' ? resend(bound) : bound;
    },
  });
}
