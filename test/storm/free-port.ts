import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that nothing listens on, below those that systems hand out by themselves: a process that is down for a while
 * must find it free when it comes back.
 *
 * @throws Error when a hundred tries find none
 */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new Error('Cannot find a free port: one of 20000 to 31999 must be free');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  const isListening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (isListening) {
    server.close();
    await once(server, 'close');
  }
  return isListening;
}
