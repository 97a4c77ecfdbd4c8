import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A name that leads to the primary, as a managed Redis has one. */
export interface RedisProxy {
  readonly port: number;
  /** `redisUrl` with the proxy's address. */
  urlOf(redisUrl: string): string;
  /** New connections go to another port; those that stand stay where they are. */
  pointTo(port: number): void;
  /** Those that stand are cut. */
  cut(): void;
  /** Nothing passes any more on the connections that stand, in either direction, and neither side learns of it. */
  swallow(): void;
  close(): Promise<void>;
}

export async function startRedisProxy(port: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>();
  let target = port;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    urlOf: (redisUrl) => {
      const url = new URL(redisUrl);
      url.port = String(own);
      return url.href;
    },
    pointTo: (next) => {
      target = next;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    swallow: () => {
      for (const socket of sockets) socket.removeAllListeners('data').pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
