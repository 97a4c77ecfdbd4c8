import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisNode } from './redis-node.ts';

const WITHIN_MS = 30_000;

/** Resolves once a node answers, in the midst of whatever else befalls it. @throws Error after half a minute */
export async function awaitReadyRedis(node: RedisNode): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const answer = await node.ask((redis) => redis.ping()).catch((error: unknown) => error);
    if (answer === 'PONG') return;
    if (Date.now() > deadline) {
      throw new Error(`Cannot use ${node.name}: it must answer within ${WITHIN_MS} ms, received ${answer}`);
    }
    await sleep(100);
  }
}
