import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { assertRedisFit, classifyRedis, type RedisConfig } from '../../../../shared/store/redis/fitness.ts';
import { waitUntilReady } from '../../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

function info(fields: Record<string, string> = {}): string {
  const all = {
    redis_version: '7.0.15',
    role: 'master',
    maxmemory_policy: 'noeviction',
    aof_enabled: '1',
    ...fields,
  };
  return `# Server\r\n${Object.entries(all)
    .map(([field, value]) => `${field}:${value}`)
    .join('\r\n')}\r\n`;
}

describe('the judgement of a Redis', () => {
  it.each([
    ['6.2.0', true],
    ['6.2.14', true],
    ['7.0.15', true],
    ['8.2.1', true],
    ['10.0.0', true],
    ['6.0.16', false],
    ['5.0.7', false],
    ['2.8.9', false],
    ['', false],
    ['unknown', false],
  ])('of version "%s": fit is %s', (redis_version, fit) => {
    expect(classifyRedis(info({ redis_version }), {}).kind).toBe(fit ? 'fit' : 'unfit');
  });

  it('takes Valkey by the Redis version it is compatible with', () => {
    const text = info({ server_name: 'valkey', valkey_version: '8.0.1', redis_version: '7.2.4' });
    expect(classifyRedis(text, {})).toEqual({ kind: 'fit', version: '7.2.4', warnings: [] });
  });

  it.each(['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lru', 'volatile-ttl', ''])(
    'refuses the policy "%s" with the reason',
    (policy) => {
      expect(classifyRedis(info({ maxmemory_policy: policy }), {})).toEqual({
        kind: 'unfit',
        reasons: [expect.stringMatching(/maxmemory-policy must be noeviction, but is/)],
      });
    },
  );

  it.each<[string, RedisConfig, Record<string, string>, RegExp[]]>([
    ['nothing with AOF every second', { appendonly: 'yes', appendfsync: 'everysec' }, {}, []],
    ['AOF off, by CONFIG', { appendonly: 'no' }, {}, [/AOF is off/]],
    ['AOF off, by INFO when CONFIG is forbidden', {}, { aof_enabled: '0' }, [/AOF is off/]],
    ['an AOF that is never synced', { appendonly: 'yes', appendfsync: 'no' }, {}, [/appendfsync/]],
    ['no maxmemory', {}, { maxmemory: '0' }, [/maxmemory is not set/]],
    ['nothing with a maxmemory', {}, { maxmemory: '536870912' }, []],
  ])('warns of %s', (_, config, fields, warnings) => {
    expect(classifyRedis(info(fields), config)).toEqual({
      kind: 'fit',
      version: '7.0.15',
      warnings: warnings.map((warning) => expect.stringMatching(warning)),
    });
  });

  it('believes CONFIG more than INFO', () => {
    expect(classifyRedis(info(), { 'maxmemory-policy': 'allkeys-lru' }).kind).toBe('unfit');
  });

  it.each([
    [{ role: 'slave' }, 'its role must be master, but is slave'],
    [{ loading: '1' }, 'it is loading its data'],
  ])('is not fit yet for what passes by itself: %o', (fields, reason) => {
    expect(classifyRedis(info(fields), {})).toEqual({ kind: 'not_yet', reason });
  });

  it('gives all reasons at once', () => {
    const judgement = classifyRedis(
      info({ redis_version: '5.0.7', maxmemory_policy: 'allkeys-lru', role: 'slave' }),
      {},
    );
    expect(judgement).toMatchObject({ kind: 'unfit', reasons: { length: 2 } });
  });
});

describe('a running Redis', () => {
  let redis: TestRedis;
  const log = { info: () => undefined, warn: () => undefined };

  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterEach(async () => {
    await withClient(redis.url, async (client) => {
      await client.config('SET', 'maxmemory-policy', 'noeviction');
    });
  });
  afterAll(() => redis.stop());

  it('is fit when it is one of ours', async () => {
    await withClient(redis.url, async (client) => {
      expect(await assertRedisFit(client)).toEqual({
        version: expect.stringMatching(/^\d+\.\d+/),
        warnings: [],
      });
    });
  });

  it('is refused with the reason when it evicts', async () => {
    await withClient(redis.url, async (client) => {
      await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await expect(assertRedisFit(client)).rejects.toThrow(
        /maxmemory-policy must be noeviction, but is allkeys-lru/,
      );
    });
  });

  it('is judged by INFO alone for a user who may not read the configuration', async () => {
    await withClient(redis.url, async (client) => {
      await client.acl('SETUSER', 'no-config', 'on', '>pw-no-config', '~*', '+@all', '-config');
      await client.config('SET', 'maxmemory-policy', 'volatile-lru');
    });
    const url = redis.url.replace(/:\/\/:[^@]+@/, '://no-config:pw-no-config@');
    await withClient(url, async (client) => {
      await expect(assertRedisFit(client)).rejects.toThrow(/but is volatile-lru/);
    });
  });

  it('is refused, naming the permission, for a user who may not use INFO', async () => {
    await withClient(redis.url, async (client) => {
      await client.acl('SETUSER', 'no-info', 'on', '>pw-no-info', '~*', '+@all', '-info');
    });
    const url = redis.url.replace(/:\/\/:[^@]+@/, '://no-info:pw-no-info@');
    await withClient(url, async (client) => {
      await expect(assertRedisFit(client)).rejects.toThrow(/must allow INFO to this user: NOPERM/);
    });
  });

  // Last: switching AOF on again would rewrite it.
  it('is used with a warning when it has no AOF', async () => {
    await withClient(redis.url, async (client) => {
      await client.config('SET', 'appendonly', 'no');
      expect((await assertRedisFit(client)).warnings).toEqual([expect.stringMatching(/AOF is off/)]);
    });
  });

  async function withClient(url: string, use: (client: ReturnType<typeof openRedis>) => Promise<void>) {
    const client = openRedis({ url, log }, 'request');
    try {
      await waitUntilReady(client, 5_000);
      await use(client);
    } finally {
      await closeRedis(client);
    }
  }
});
