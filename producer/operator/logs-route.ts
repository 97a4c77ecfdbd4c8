import type { FastifyInstance } from 'fastify';
import { type ConsoleLogs, logsQuery } from '../../shared/contract/console-logs.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { followLogs } from '../../shared/store/logs/read-logs.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { parseInput } from '../parse-input.ts';

/** `GET /console/api/logs`: what `veriqueue tail --logs` follows. */
export function addLogsRoute(
  app: FastifyInstance,
  { redis, keys }: { readonly redis: Redis; readonly keys: StoreKeys },
): void {
  app.get(
    '/console/api/logs',
    async (request): Promise<ConsoleLogs> =>
      followLogs(redis, keys, parseInput(logsQuery, request.query, 'invalid_query')),
  );
}
