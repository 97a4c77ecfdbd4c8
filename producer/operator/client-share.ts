import type { ConsoleClient } from '../../shared/contract/console.ts';
import type { Priority } from '../../shared/contract/verification.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { readOr } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { orderClassOf } from '../../shared/store/shares/order-class.ts';
import { readClientShare } from '../../shared/store/shares/read-shares.ts';

const priorities = ['interactive', 'bulk'] as const satisfies readonly Priority[];

/** What waits of a client, and its part of the quota by weight, in the more urgent priority that it has something in. */
export async function readShare(
  redis: Redis,
  keys: StoreKeys,
  { id: clientId, weight }: { readonly id: string; readonly weight: number },
): Promise<ConsoleClient['share']> {
  const none = { weight, waiting: 0, active: { clients: 0, weights: 0 } };
  const [interactive = none, bulk = none] = await Promise.all(
    priorities.map((priority) => readOr(readClientShare(redis, keys, { clientId, priority, weight }), none)),
  );
  const first = interactive.waiting > 0 ? interactive : bulk;
  const priority: Priority = interactive.waiting > 0 ? 'interactive' : 'bulk';
  return {
    interactive: interactive.waiting,
    bulk: bulk.waiting,
    due: first.waiting === 0 ? null : Math.min(1, weight / Math.max(weight, first.active.weights)),
    oldestAt: first.waiting === 0 ? null : await readOldest(redis, keys, clientId, priority),
  };
}

async function readOldest(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  priority: Priority,
): Promise<string | null> {
  const [id] = await readOr(redis.zrange(keys.shareLine(orderClassOf(priority), clientId), '0', '0'), []);
  if (id === undefined) return null;
  const submittedAt = Number(await readOr(redis.hget(keys.record(id), 'submittedAt'), null));
  return Number.isSafeInteger(submittedAt) && submittedAt > 0 ? new Date(submittedAt).toISOString() : null;
}
