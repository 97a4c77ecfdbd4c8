import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SlowReplies {
  /** Of the Redis behind it. */
  readonly url: string;
  /** From now on the replies of the connection trickle; without bytes they come as ever. */
  trickle(bytes: number | null): void;
  close(): Promise<void>;
}

const EVERY_MS = 100;

/** Stands between a program and Redis, and lets the replies of one connection through a few bytes at a time. */
export async function startSlowReplies(redisUrl: string, connectionName: string): Promise<SlowReplies> {
  const { hostname, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let bytes: number | null = null;
  const server = createServer((client) => {
    const redis = connect(Number(port), hostname);
    let isNamed = false;
    let held = Buffer.alloc(0);
    const timer = setInterval(() => {
      const length = bytes ?? held.length;
      client.write(held.subarray(0, length));
      held = held.subarray(length);
    }, EVERY_MS);
    const end = () => {
      clearInterval(timer);
      client.destroy();
      redis.destroy();
      sockets.delete(client);
    };
    sockets.add(client);
    client.on('data', (sent) => {
      isNamed ||= sent.includes(connectionName);
      redis.write(sent);
    });
    redis.on('data', (reply) => {
      if (held.length === 0 && (bytes === null || !isNamed)) client.write(reply);
      else held = Buffer.concat([held, reply]);
    });
    for (const socket of [client, redis]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const before = new URL(redisUrl);
  before.port = String((server.address() as AddressInfo).port);
  return {
    url: before.href,
    trickle: (length) => {
      bytes = length;
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
