import { createServer } from 'node:net';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from '../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../shared/store/redis/close-redis.ts';
import { classifyRedisError } from '../../../shared/store/redis/failure.ts';
import type { RedisLog } from '../../../shared/store/redis/redis-log.ts';
import { computeReconnectDelayMs, type RedisRole } from '../../../shared/store/redis/redis-roles.ts';
import { waitUntilReady } from '../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

class Lines implements RedisLog {
  readonly lines: string[] = [];
  info(fields: object, message: string) {
    this.lines.push(`info ${message} ${JSON.stringify(fields)}`);
  }
  warn(fields: object, message: string) {
    this.lines.push(`warn ${message} ${JSON.stringify(fields)}`);
  }
}

describe('the delay before the next try', () => {
  it.each([
    [1, 0, 50],
    [2, 0, 100],
    [4, 0, 400],
    [5, 0, 500],
    [1_000_000, 0, 500],
    [5, 0.5, 450],
    [1, 0.999_999, 40],
  ])('after attempt %d with randomness %d is %d ms', (attempt, random, delayMs) => {
    expect(computeReconnectDelayMs(attempt, random)).toBe(delayMs);
  });
});

describe('a connection', () => {
  let redis: TestRedis;
  let log: Lines;
  const clients: Redis[] = [];

  async function connect(role: RedisRole): Promise<Redis> {
    log = new Lines();
    const client = openRedis({ url: redis.url, log }, role);
    clients.push(client);
    await waitUntilReady(client, 5_000);
    return client;
  }

  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterEach(() => Promise.all(clients.splice(0).map(closeRedis)));
  afterAll(() => redis.stop());

  it.each(['request', 'unbatched'] as const)(
    'of the %s role never works on another database than the one it was asked for',
    async (role) => {
      log = new Lines();
      const client = openRedis({ url: `${redis.url}/99`, log }, role);
      clients.push(client);
      const write = client.set('misplaced', 'yes').catch(() => 'refused');
      await expect(waitUntilReady(client, 1_500)).rejects.toThrow(
        /Redis has no database 99, which REDIS_URL names: ERR DB index is out of range/,
      );
      expect(client.status).not.toBe('ready');
      expect(log.lines.filter((line) => line.includes('database 99'))).toHaveLength(1);
      await closeRedis(client);
      void write;
      expect(await (await connect('request')).keys('*')).not.toContain('misplaced');
    },
  );

  it('reaches the database it was asked for, again after a reconnect', async () => {
    log = new Lines();
    const client = openRedis({ url: `${redis.url}/7`, log }, 'unbatched');
    clients.push(client);
    await waitUntilReady(client, 5_000);
    const database = async () => /\bdb=(\d+)/.exec(String(await client.client('INFO')))?.[1];
    expect(await database()).toBe('7');
    client.stream.destroy();
    expect(await database()).toBe('7');
  });

  it('of the request role gives a hung Redis up within a second', async () => {
    const client = await connect('request');
    redis.hang();
    const failures = await Promise.all([
      client.get('a').catch(classifyRedisError),
      client.multi().set('a', 1).set('b', 2).exec().catch(classifyRedisError),
    ]);
    redis.wake();
    // That they came back while Redis hung is the point; the clock of a busy machine only repeats the option.
    expect(failures).toEqual(['gone', 'gone']);
    expect(client.options.commandTimeout).toBeLessThan(1_000);
  });

  it('of the request role fails at once while Redis is away, and works again after it', async () => {
    const client = await connect('request');
    await client.set('kept', 'yes');
    await redis.down();
    const failure = await client.get('kept').catch(classifyRedisError);
    expect(failure).toBe('gone');
    await redis.up();
    await waitUntilReady(client, 5_000);
    expect(await client.get('kept')).toBe('yes');
  });

  it('of the request role does not repeat a command that was under way when the connection broke', async () => {
    const client = await connect('request');
    await client.set('count', 0);
    redis.hang();
    const failure = client.incr('count').catch(classifyRedisError);
    await redis.crash();
    expect(await failure).toBe('gone');
    await redis.up();
    await waitUntilReady(client, 5_000);
    expect(await client.get('count')).toBe('0');
  });

  it('of the queue role keeps a command until Redis is back', async () => {
    const client = await connect('unbatched');
    await redis.down();
    const reply = client.set('late', 'but there');
    await redis.up();
    expect(await reply).toBe('OK');
  });

  it('logs each change of state once, and never the password', async () => {
    const client = await connect('unbatched');
    const { password } = new URL(redis.url);
    await redis.down();
    let tries = 0;
    await new Promise<void>((resolve) => {
      client.on('reconnecting', () => {
        tries += 1;
        if (tries === 4) {
          resolve();
        }
      });
    });
    await redis.up();
    await waitUntilReady(client, 5_000);
    expect(log.lines).toEqual([
      expect.stringMatching(/^info connected to Redis .*redis:\/\/:\*\*\*@127\.0\.0\.1/),
      expect.stringMatching(/^warn lost Redis, reconnecting .*"reason":/),
      expect.stringMatching(/^info Redis is back .*"awayMs":\d+/),
    ]);
    expect(log.lines.join()).not.toContain(password);
  });

  it('that we close ourselves is no news', async () => {
    const client = await connect('unbatched');
    await closeRedis(client);
    expect(client.status).toBe('end');
    expect(log.lines).toHaveLength(1);
  });

  it('is closed even while Redis hangs', async () => {
    const client = await connect('unbatched');
    redis.hang();
    await closeRedis(client);
    redis.wake();
    expect(client.status).toBe('end');
  });

  it('is closed even while Redis is away, and what waited for it fails with that reason', async () => {
    const client = await connect('unbatched');
    await redis.down();
    const waiting = client.get('a').catch(classifyRedisError);
    if (client.status !== 'reconnecting') {
      await new Promise((resolve) => client.once('reconnecting', resolve));
    }
    await closeRedis(client);
    expect(await waiting).toBe('gone');
    expect(client.status).toBe('end');
    await redis.up();
  });

  it('that was closed while Redis was away can be opened again, and again survives an outage', async () => {
    const client = await connect('unbatched');
    await redis.down();
    if (client.status !== 'reconnecting') {
      await new Promise((resolve) => client.once('reconnecting', resolve));
    }
    await closeRedis(client);
    await redis.up();
    await client.connect();
    await redis.crash();
    await redis.up();
    expect(await client.ping()).toBe('PONG');
  });

  it('with a wrong password says so once and never shows it', async () => {
    const lines = new Lines();
    const url = redis.url.replace(/:\/\/:[^@]+@/, '://:not-the-password@');
    const client = openRedis({ url, log: lines }, 'request');
    clients.push(client);
    await expect(waitUntilReady(client, 700)).rejects.toThrow(
      /refuses the user or the password of REDIS_URL: WRONGPASS/,
    );
    expect(lines.lines).toEqual([expect.stringMatching(/^warn cannot reach Redis, retrying .*WRONGPASS/)]);
    expect(lines.lines.join()).not.toContain('not-the-password');
  });

  it('to a listener that never answers is given up with the reason', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const client = openRedis({ url: `redis://127.0.0.1:${port}`, log: new Lines() }, 'request');
    clients.push(client);
    await expect(waitUntilReady(client, 1_500)).rejects.toThrow(/not ready after 1\.5 s: .*time(d )?out/i);
    server.close();
  });

  it('goes to the database of the URL', async () => {
    const client = openRedis({ url: `${redis.url}/5`, log: new Lines() }, 'request');
    clients.push(client);
    await waitUntilReady(client, 5_000);
    expect(await client.client('INFO')).toContain('db=5');
  });
});
