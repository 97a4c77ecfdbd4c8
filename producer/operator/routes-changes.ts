import type { FastifyInstance } from 'fastify';
import { type ConsoleChanges, changesQuery } from '../../shared/contract/console-changes.ts';
import { readChanges } from '../../shared/store/verifications/read-changes.ts';
import { parseInput } from '../parse-input.ts';
import type { FindDeps } from './find-verifications.ts';

/** `GET /console/api/changes`: what `veriqueue tail` follows. It costs nothing while no user asks. */
export function addChangesRoute(app: FastifyInstance, { redis, keys, lane }: FindDeps): void {
  app.get('/console/api/changes', async (request): Promise<ConsoleChanges> => {
    const { cursor } = parseInput(changesQuery, request.query, 'invalid_query');
    const [changes, { status, reason }] = await Promise.all([
      readChanges(redis, keys, cursor ?? null),
      lane.read(),
    ]);
    return { ...changes, data: [...changes.data], lane: { lane: keys.lane, status, reason } };
  });
}
