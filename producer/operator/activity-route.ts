import type { FastifyInstance } from 'fastify';
import { activityQuery, type ConsoleActivity } from '../../shared/contract/console-activity.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { adoptActivity } from '../../shared/store/audit/audit-trail.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { listActivity } from '../../shared/store/operators/activity.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { parseInput } from '../parse-input.ts';

export interface ActivityRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly audit: Audit;
}

/** `GET /console/api/activity`: what operators changed, the latest first. */
export function addActivityRoute(app: FastifyInstance, { redis, keys, audit }: ActivityRouteDeps): void {
  app.get('/console/api/activity', async (request): Promise<ConsoleActivity> => {
    const { limit, cursor } = parseInput(activityQuery, request.query, 'invalid_query');
    // Lines of a producer of the version before, and what was done a moment ago.
    await adoptActivity(redis, keys);
    await audit.chain();
    const from = cursor === undefined ? null : Number(cursor.split('-')[0]);
    const { data, before } = await listActivity(redis, keys, { limit, before: from });
    return {
      data: data.map(({ number: _, ...activity }) => activity),
      nextCursor: before === null ? null : `${before}-0`,
    };
  });
}
