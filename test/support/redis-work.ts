import type { Redis } from 'ioredis';

/** What Redis was asked to do, by any connection; the two looks at it are left out. */
export interface RedisWork {
  /** Calls by command, those inside scripts included: `{ hget: 2, evalsha: 1 }`. */
  readonly commands: Readonly<Record<string, number>>;
  readonly calls: number;
  /** Bytes of all replies. */
  readonly replied: number;
}

/** A look is some 10 kB by itself; its size is taken off. */
async function look(redis: Redis) {
  const [commandstats, stats] = [await redis.info('commandstats'), await redis.info('stats')];
  const calls = Object.fromEntries(
    [...commandstats.matchAll(/^cmdstat_([^:|\r\n]+(?:\|[^:\r\n]+)?):calls=(\d+)/gm)].map(
      ([, name = '', count]) => [name, Number(count)] as const,
    ),
  );
  const [, output = '0'] = /total_net_output_bytes:(\d+)/.exec(stats) ?? [];
  return { calls, output: Number(output), size: stats.length };
}

/** Counts, and does not time: what is bounded here is bounded on any machine. */
export async function measureRedisWork<T>(
  redis: Redis,
  work: () => Promise<T>,
): Promise<RedisWork & { readonly result: T }> {
  const before = await look(redis);
  const result = await work();
  const commandstats = await redis.info('commandstats');
  const after = await look(redis);
  const commands = Object.fromEntries(
    Object.entries(after.calls)
      .map(([name, count]) => [name, count - (before.calls[name] ?? 0)] as const)
      .filter(([name, count]) => count > 0 && name !== 'info'),
  );
  const calls = Object.values(commands).reduce((sum, count) => sum + count, 0);
  const looks = before.size + 2 * commandstats.length;
  return { commands, calls, replied: Math.max(0, after.output - before.output - looks), result };
}
