import type { FastifyInstance } from 'fastify';
import { activityQuery, type ConsoleActivity } from '../../shared/contract/console-activity.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { listActivity } from '../../shared/store/operators/activity.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { parseInput } from '../parse-input.ts';

/** `GET /console/api/activity`: what operators did, the latest first. */
export function addActivityRoute(
  app: FastifyInstance,
  { redis, keys }: { readonly redis: Redis; readonly keys: StoreKeys },
): void {
  app.get('/console/api/activity', async (request): Promise<ConsoleActivity> => {
    const { limit, cursor } = parseInput(activityQuery, request.query, 'invalid_query');
    const noted = await listActivity(redis, keys, { limit: limit + 1, before: cursor });
    const shown = noted.slice(0, limit);
    return {
      data: shown.map(({ id: _, at, ...activity }) => ({ at: new Date(at).toISOString(), ...activity })),
      nextCursor: noted.length > limit ? (shown.at(-1)?.id ?? null) : null,
    };
  });
}
