import { within } from '../../within.ts';
import type { Redis } from './redis-client.ts';

/**
 * Closes a client in whatever state it is; never throws, and leaves no socket behind. Commands already sent
 * get their answers if Redis gives them within half a second.
 */
export async function closeRedis(client: Redis): Promise<void> {
  if (client.status === 'end') {
    return;
  }
  const ended = new Promise((resolve) => client.once('end', resolve));
  if (client.status === 'ready') {
    // QUIT resolves after all replies before it; a hung Redis never answers it.
    await within(500, Promise.allSettled([client.quit()]));
  }
  client.disconnect();
  await within(1_000, ended);
}
