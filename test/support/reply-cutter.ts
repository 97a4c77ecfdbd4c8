import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ReplyCutter {
  /** Of the Redis behind it. */
  readonly url: string;
  /** How often a connection was cut. */
  readonly cuts: number;
  /** The next command that holds this text is carried out, and its connection breaks before the reply. */
  cutReplyTo(text: string): void;
  /** Before the next command that holds this text is passed on, this is done. */
  beforeSending(text: string, act: () => void): void;
  close(): Promise<void>;
}

/** Stands between a program and Redis, to lose a reply in the worst moment: the command was carried out. */
export async function startReplyCutter(redisUrl: string): Promise<ReplyCutter> {
  const { hostname, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let doomed: string | null = null;
  let awaited: { readonly text: string; readonly act: () => void } | null = null;
  let cuts = 0;
  const server = createServer((client) => {
    const redis = connect(Number(port), hostname);
    let isCut = false;
    const end = () => {
      client.destroy();
      redis.destroy();
      sockets.delete(client);
    };
    sockets.add(client);
    client.on('data', (sent) => {
      if (doomed !== null && sent.includes(doomed)) {
        doomed = null;
        isCut = true;
      }
      if (awaited !== null && sent.includes(awaited.text)) {
        const { act } = awaited;
        awaited = null;
        act();
      }
      redis.write(sent);
    });
    redis.on('data', (reply) => {
      if (!isCut) {
        client.write(reply);
        return;
      }
      cuts += 1;
      end();
    });
    for (const socket of [client, redis]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const behind = new URL(redisUrl);
  behind.port = String((server.address() as AddressInfo).port);
  return {
    url: behind.href,
    get cuts() {
      return cuts;
    },
    cutReplyTo: (text) => {
      doomed = text;
    },
    beforeSending: (text, act) => {
      awaited = { text, act };
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
