import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { usageReport } from '../../shared/contract/usage.ts';
import type { Logger } from '../../shared/log.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { logPassedBy } from '../../shared/store/redis/log-passed-by.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { readClientUsage } from '../../shared/store/usage/usage.ts';
import {
  DEFAULT_USAGE_DAYS,
  defaultUsagePeriod,
  isUsablePeriod,
  LEDGER_DAYS,
} from '../../shared/store/verifications/usage-period.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { clientOf } from '../request-state.ts';

export interface UsageRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: Pick<Logger, 'warn'>;
  /** ms epoch */
  readonly now: () => number;
}

const usageQuery = z.strictObject({
  from: z.iso
    .date()
    .optional()
    .describe(`first day; ${DEFAULT_USAGE_DAYS - 1} days ago unless given`),
  to: z.iso.date().optional().describe('last day; today (+08:00) unless given'),
});

export function addUsageRoute(app: FastifyInstance, { redis, keys, log, now }: UsageRouteDeps): void {
  const report = logPassedBy(log);
  app.route({
    method: 'GET',
    url: '/v1/usage',
    schema: {
      operationId: 'getUsage',
      tags: ['Service'],
      summary: 'Count your upstream calls by day and code, as they are billed',
      description: `At most ${LEDGER_DAYS} days at once, which is as long as they are kept.`,
      querystring: usageQuery,
      response: { 200: usageReport.describe('Calls by day and code'), ...problemResponses('getUsage') },
    },
    handler: async (request) => {
      const query = parseInput(usageQuery, request.query, 'invalid_query');
      const usual = defaultUsagePeriod(now());
      const period = { from: query.from ?? usual.from, to: query.to ?? usual.to };
      if (!isUsablePeriod(period)) {
        const detail = `must be a day on or before \`to\`, at most ${LEDGER_DAYS - 1} days earlier`;
        throw new ProblemError('invalid_query', {
          errors: [{ pointer: '/from', code: 'invalid_period', detail }],
        });
      }
      return readClientUsage(redis, keys, {
        period,
        clientId: clientOf(request).id,
        now: now(),
        report,
      });
    },
  });
}
