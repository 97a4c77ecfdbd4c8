import { stringify } from 'csv-stringify/sync';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { type ConsoleHistory, consoleUsageQuery, historyQuery } from '../../shared/contract/console.ts';
import type { OperatorUsage, UsageReport } from '../../shared/contract/usage.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { readOperatorUsage } from '../../shared/store/usage/account-usage.ts';
import { type HistoryRange, readHistory } from '../../shared/store/usage/history.ts';
import { defaultUsagePeriod, isUsablePeriod } from '../../shared/store/verifications/usage-period.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import type { ShareView } from '../shares/share-view.ts';
import { findClient } from './present-client.ts';

export interface UsageDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly shares: ShareView;
  readonly testKeys: StoreKeys | null;
  readonly report: ReportPassedBy;
  /** ms epoch */
  readonly now: () => number;
}

/** What was called and billed, by day, client and code; and counters for charts. */
export function addUsageRoutes(app: FastifyInstance, deps: UsageDeps): void {
  app.get('/console/api/usage', (request) => readPeriod(deps, request.query));
  app.get('/console/api/usage.csv', async (request, reply) => {
    const usage = await readPeriod(deps, request.query);
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="usage-${usage.from}-${usage.to}.csv"`)
      .send(await writeCsv(deps, usage));
  });
  app.get('/console/api/history', (request) => {
    const { range } = parseInput(historyQuery, request.query, 'invalid_query');
    return presentHistory(deps, range);
  });
}

async function readPeriod(deps: UsageDeps, input: unknown): Promise<OperatorUsage> {
  const query: z.output<typeof consoleUsageQuery> = parseInput(consoleUsageQuery, input, 'invalid_query');
  const usual = defaultUsagePeriod(deps.now());
  const period = { from: query.from ?? usual.from, to: query.to ?? usual.to };
  if (!isUsablePeriod(period)) {
    throw new ProblemError('invalid_query', {
      errors: [
        { pointer: '/from', code: 'invalid_period', detail: 'must be on or before `to`, within 400 days' },
      ],
    });
  }
  return readOperatorUsage(deps.redis, deps.keys, period, deps.report);
}

const HEADINGS = ['day', 'client', 'name', 'code', 'billed', 'unbilled', 'unknown'];

/** A spreadsheet takes a text that begins with one of `= + - @` for a formula, so such a name gets an apostrophe. */
async function writeCsv(deps: UsageDeps, { data }: UsageReport): Promise<string> {
  const ids = [...new Set(data.map(({ clientId }) => clientId))];
  const names = new Map(
    await Promise.all(ids.map(async (id) => [id, (await findClient(deps, id))?.name ?? ''] as const)),
  );
  const rows = data.map((row) => {
    const { day, clientId, code, billed, unbilled, unknown } = row;
    return [day, clientId, names.get(clientId) ?? '', code, billed, unbilled, unknown];
  });
  return stringify([HEADINGS, ...rows], { escape_formulas: true });
}

async function presentHistory(deps: UsageDeps, range: HistoryRange): Promise<ConsoleHistory> {
  const history = await readHistory(deps.redis, deps.keys, range, deps.now());
  const points = [...history.series.values()][0]?.length ?? 0;
  const none = () => Array<number>(points).fill(0);
  const verdicts = { match: none(), no_match: none(), unverifiable: none(), error: none() };
  for (const [name, counts] of history.series) {
    if (!name.startsWith('call|')) continue;
    const sums = verdicts[resolveOutcome(name.slice('call|'.length)).verdict];
    counts.forEach((count, i) => {
      sums[i] = (sums[i] ?? 0) + count;
    });
  }
  return {
    from: new Date(history.from).toISOString(),
    stepSeconds: history.stepSeconds,
    verdicts,
    deliveries: {
      accepted: [...(history.series.get('delivery|accepted') ?? none())],
      failed: [...(history.series.get('delivery|failed') ?? none())],
    },
  };
}
