import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { classifyRedisError } from '../../../../shared/store/redis/failure.ts';
import type { Redis } from '../../../../shared/store/redis/redis-client.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../../../support/tcp-proxy.ts';

const log = { info: () => undefined, warn: () => undefined };

/** Takes connections, and says nothing on them. */
let silent: Server;
let sockets: Socket[];
let redis: Redis;

beforeEach(async () => {
  sockets = [];
  silent = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await once(silent.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  await closeRedis(redis);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('a connection to Redis that ends before it is ready', () => {
  it('rejects what was written on it past the queue, as INFO is', async () => {
    redis = openRedis({ url: `redis://127.0.0.1:${portOf(silent)}`, log }, 'unbatched');
    const connected = once(silent, 'connection');
    void redis.connect().catch(() => undefined);
    await connected;
    if (redis.status !== 'connect') await once(redis, 'connect');
    const asked = redis.info('replication');
    for (const socket of sockets) socket.destroy();
    const error = await asked.catch((thrown: unknown) => thrown);
    expect(classifyRedisError(error)).toBe('gone');
  });
});

describe('a connection to Redis that ends when it is ready', () => {
  let server: TestRedis;
  let proxy: TcpProxy;
  /** What becomes of a connection: it is answered, hears nothing, or ends as soon as something is asked on it. */
  let mode: 'answered' | 'deaf' | 'ended';

  beforeEach(async () => {
    mode = 'answered';
    server = await startTestRedis();
    const targetPort = () => Number(new URL(server.url).port);
    proxy = await startTcpProxy(targetPort, ({ near, far }) => {
      near.on('data', (bytes) => {
        if (mode === 'ended') {
          near.destroy();
          mode = 'answered';
        } else far.write(bytes);
      });
      far.on('data', (bytes) => {
        if (mode === 'answered') near.write(bytes);
      });
    });
  });
  afterEach(async () => {
    await proxy.close();
    await server.stop();
  });

  it('sends what was not answered again, also after a connection that was never ready', async () => {
    redis = openRedis({ url: proxy.urlOf(server.url), log }, 'unbatched');
    await redis.set('a', '1');
    mode = 'deaf';
    const asked = redis.get('a');
    mode = 'ended';
    for (const socket of proxy.sockets) socket.destroy();
    const info = redis.info('replication');
    expect(await asked).toBe('1');
    expect(await info).toContain('role:master');
    expect(mode).toBe('answered');
  });
});
