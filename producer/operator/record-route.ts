import type { FastifyInstance } from 'fastify';
import {
  type ConsoleRecordOfProcessing,
  type RecordOfProcessing,
  recordQuery,
} from '../../shared/contract/record-of-processing.ts';
import { joinSettings } from '../../shared/processing/join-settings.ts';
import {
  describeProcessing,
  renderRecordOfProcessing,
} from '../../shared/processing/record-of-processing.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { type ProcessSettings, readAnnouncedSettings } from '../../shared/store/processing-settings.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';

export interface RecordRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  /** The settings of this producer; workers alone have the other one. */
  readonly keptByProducer: Omit<ProcessSettings, 'subjectTtlMs'>;
  /** ms epoch */
  readonly now: () => number;
}

/** `GET /console/api/record-of-processing`: what the command prints, by the settings with which workers and this producer run; `.md` as a page. */
export function addRecordRoutes(app: FastifyInstance, deps: RecordRouteDeps): void {
  const path = '/console/api/record-of-processing';
  app.get(path, async (request): Promise<ConsoleRecordOfProcessing> => {
    const { record, saidAt } = await readRecord(deps, request.query);
    return { record, saidAt: saidAt === null ? null : new Date(saidAt).toISOString() };
  });
  app.get(`${path}.md`, async (request, reply) => {
    const { record } = await readRecord(deps, request.query);
    if (record === null) throw new ProblemError('not_found');
    return reply
      .type('text/markdown; charset=utf-8')
      .header('content-disposition', 'attachment; filename="record-of-processing.md"')
      .send(`${renderRecordOfProcessing(record)}\n`);
  });
}

async function readRecord(
  { redis, keys, keptByProducer, now }: RecordRouteDeps,
  query: unknown,
): Promise<{ readonly record: RecordOfProcessing | null; readonly saidAt: number | null }> {
  const { language } = parseInput(recordQuery, query, 'invalid_query');
  const { settings, saidAt } = await readAnnouncedSettings(redis, keys);
  const [first] = settings;
  if (first === undefined) return { record: null, saidAt };
  const joined = joinSettings(keys.lane, { ...first, ...keptByProducer }, settings);
  return { record: describeProcessing(joined, language, now()), saidAt };
}
