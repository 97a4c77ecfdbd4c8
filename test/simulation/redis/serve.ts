import { createServer } from 'node:net';
import { writeReply } from './reply.ts';
import { CommandReader } from './resp-reader.ts';
import type { RedisServer } from './server.ts';

/** Lets `redis` answer at a port. */
export function serveRedis(redis: RedisServer, port: number): void {
  const server = createServer((socket) => {
    const reader = new CommandReader();
    const session = redis.open((reply) => {
      if (!socket.destroyed) socket.write(Buffer.from(writeReply(reply, session.resp3), 'latin1'));
    });
    socket.on('data', (bytes: Buffer) => {
      for (const words of reader.read(bytes)) redis.handle(session, words);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => redis.close(session));
  });
  server.listen(port, '127.0.0.1');
}
