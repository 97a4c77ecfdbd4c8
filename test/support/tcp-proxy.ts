import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A connection of a program, and the one to the server behind it. Each ends with the other. */
export interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export interface TcpProxy {
  readonly port: number;
  /** `url` with the proxy's address. */
  urlOf(url: string): string;
  /** What has been connected so far, both sides. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/**
 * Stands between programs and a server on this machine.
 *
 * @param targetPort asked for each new connection
 * @param relay hands bytes on, from either side to the other
 */
export async function startTcpProxy(
  targetPort: () => number,
  relay: (pair: Pair) => void,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort(), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    relay({ near, far });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sockets,
    urlOf: (url) => {
      const through = new URL(url);
      through.port = String(port);
      return through.href;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
