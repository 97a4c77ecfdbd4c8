import type { Logger } from 'pino';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { logPassedBy } from '../../shared/store/redis/log-passed-by.ts';
import { passBy } from '../../shared/store/redis/pass-by.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { noteBudget } from '../../shared/store/usage/budget-levels.ts';
import type { SweepStep } from './sweep-deps.ts';

/** Clients looked at in one sweep; a look is a tenth of a millisecond of Redis. */
const BATCH = 500;

/**
 * Looks, a part of the clients with a budget at a time, how far each has spent it, and logs what it has reached. At the door
 * this would be noticed at the next submission only, and a warning must not wait for one.
 */
export function createWatchBudgets({
  redis,
  keys,
  log,
  now,
}: {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: Logger;
  readonly now: () => number;
}): SweepStep {
  const report = logPassedBy(log);
  let cursor = '0';
  const look = async (clientId: string) => {
    for (const reached of await noteBudget(redis, keys, clientId, now())) {
      const { period, level, spent, limit } = reached;
      log.warn(
        { event: 'budget_reached', client: clientId, period, level, spent, limit },
        'a client has spent a part of its budget that matters',
      );
    }
  };
  return {
    name: 'budgets',
    run: async () => {
      const [next, clientIds] = await redis.sscan(keys.budgetedClients(), cursor, 'COUNT', BATCH);
      // A look that fails begins again with the first.
      cursor = '0';
      for (const clientId of clientIds) {
        await passBy(`budget of ${clientId}`, report, () => look(clientId));
      }
      cursor = next;
      return false;
    },
  };
}
