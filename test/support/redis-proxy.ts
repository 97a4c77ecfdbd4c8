import { startTcpProxy } from './tcp-proxy.ts';

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
  let target = port;
  const proxy = await startTcpProxy(
    () => target,
    ({ near, far }) => {
      near.on('data', (bytes) => far.write(bytes));
      far.on('data', (bytes) => near.write(bytes));
    },
  );
  return {
    port: proxy.port,
    urlOf: proxy.urlOf,
    pointTo: (next) => {
      target = next;
    },
    cut: () => {
      for (const socket of proxy.sockets) socket.destroy();
    },
    swallow: () => {
      for (const socket of proxy.sockets) socket.removeAllListeners('data').pause();
    },
    close: proxy.close,
  };
}
