import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuditHead, AuditPage } from '../../shared/audit/audit-page.ts';
import { auditSearchQuery, type ConsoleActivity } from '../../shared/contract/console-activity.ts';
import { queryNumber } from '../../shared/contract/query-number.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { adoptActivity } from '../../shared/store/audit/audit-trail.ts';
import { readAuditHead, readAuditPage } from '../../shared/store/audit/read-audit-page.ts';
import { searchAudit } from '../../shared/store/audit/search-audit.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { parseInput } from '../parse-input.ts';
import type { NoteReading } from './note-reading.ts';

export interface AuditRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly audit: Audit;
  readonly noteReading: NoteReading;
  /** ms epoch */
  readonly now: () => number;
}

const query = z.strictObject({
  after: queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).default(0),
  limit: queryNumber({ min: 1, max: 1_000 }).default(500),
});

/** `GET /console/api/audit`, `…/audit/search` and `…/audit/head`: the trail as it is exported, what fits, and where it ends. */
export function addAuditRoutes(app: FastifyInstance, deps: AuditRouteDeps): void {
  const { redis, keys, audit, noteReading, now } = deps;
  const reader = { redis, keys, signingKey: audit.signingKey, now };
  const settle = async () => {
    await adoptActivity(redis, keys);
    await audit.chain();
  };
  app.get('/console/api/audit', async (request: FastifyRequest): Promise<AuditPage> => {
    const { after, limit } = parseInput(query, request.query, 'invalid_query');
    await noteReading(request, { action: 'export_audit', target: null });
    if (after === 0) await settle();
    return readAuditPage(reader, { after, limit });
  });
  app.get('/console/api/audit/search', async (request: FastifyRequest): Promise<ConsoleActivity> => {
    const { actor, target, from, to, limit, cursor } = parseInput(
      auditSearchQuery,
      request.query,
      'invalid_query',
    );
    await noteReading(request, { action: 'search_audit', target: null });
    await settle();
    const { entries, before } = await searchAudit(redis, keys, {
      ...{ actor, target, limit, before: cursor ?? null },
      from: from === undefined ? 0 : Date.parse(`${from}T00:00:00Z`),
      to: to === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(`${to}T23:59:59.999Z`),
    });
    return {
      data: entries.map(({ at, actor: operator, action, target: on, result }) => ({
        ...{ at, operator, action, target: on, result },
      })),
      nextCursor: before === null ? null : String(before),
    };
  });
  app.get('/console/api/audit/head', async (): Promise<AuditHead> => {
    await settle();
    return readAuditHead(reader);
  });
}
