import { startTcpProxy } from './tcp-proxy.ts';

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
  const port = Number(new URL(redisUrl).port);
  let bytes: number | null = null;
  const proxy = await startTcpProxy(
    () => port,
    ({ near, far }) => {
      let isNamed = false;
      let held = Buffer.alloc(0);
      const timer = setInterval(() => {
        const length = bytes ?? held.length;
        near.write(held.subarray(0, length));
        held = held.subarray(length);
      }, EVERY_MS);
      near.on('close', () => clearInterval(timer));
      near.on('data', (sent) => {
        isNamed ||= sent.includes(connectionName);
        far.write(sent);
      });
      far.on('data', (reply) => {
        if (held.length === 0 && (bytes === null || !isNamed)) near.write(reply);
        else held = Buffer.concat([held, reply]);
      });
    },
  );
  return {
    url: proxy.urlOf(redisUrl),
    trickle: (length) => {
      bytes = length;
    },
    close: proxy.close,
  };
}
