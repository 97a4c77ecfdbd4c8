import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuditHead, AuditPage } from '../../shared/audit/audit-page.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { adoptActivity } from '../../shared/store/audit/audit-trail.ts';
import { readAuditHead, readAuditPage } from '../../shared/store/audit/read-audit-page.ts';
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
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});

/** `GET /console/api/audit` and `…/audit/head`: the trail as it is exported, and where it ends. */
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
  app.get('/console/api/audit/head', async (): Promise<AuditHead> => {
    await settle();
    return readAuditHead(reader);
  });
}
