import type { Priority } from '../../contract/verification.ts';
import { loadScript } from '../redis/script.ts';
import { orderClassOf } from './order-class.ts';
import type { PlaceContext } from './place.ts';

const weighScript = loadScript(new URL('../scripts/weigh-clients.lua', import.meta.url));
const rebaseScript = loadScript(new URL('../scripts/rebase-tags.lua', import.meta.url));

const PRIORITIES: readonly Priority[] = ['interactive', 'bulk'];

/** Makes another weight of a client hold for what it has waiting. Workers find it by themselves within a while. */
export async function weighClient({ redis, keys }: PlaceContext, clientId: string): Promise<void> {
  for (const priority of PRIORITIES) {
    await weighScript(redis, [keys.shareWeights(orderClassOf(priority))], [keys.tag, priority, '', clientId]);
  }
}

/** Looks at a hundred or so of the clients that have verifications waiting. @returns the next cursor, '0' at the end */
export async function weighSomeClients(
  { redis, keys }: PlaceContext,
  priority: Priority,
  cursor: string,
): Promise<string> {
  const reply = await weighScript(
    redis,
    [keys.shareWeights(orderClassOf(priority))],
    [keys.tag, priority, cursor],
  );
  return String(reply);
}

/** Half of what a score has room for: 5,000 million calls of a client of weight 100 alone, a hundredth of that with weight 1. */
export const LARGEST_VIRTUAL_TIME = 2 ** 30;

/**
 * Takes what has passed off the tags of a priority, if they have grown beyond a limit.
 *
 * @returns what was taken off; 0 as a rule
 */
export async function rebaseTags(
  { redis, keys }: PlaceContext,
  priority: Priority,
  limit: number = LARGEST_VIRTUAL_TIME,
): Promise<number> {
  const orderClass = orderClassOf(priority);
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  const reply = await rebaseScript(
    redis,
    [keys.shares(), prioritized, keys.shareNext(orderClass)],
    [orderClass, limit],
  );
  return Number(reply);
}
