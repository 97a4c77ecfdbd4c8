import { z } from 'zod';
import { type AuditHead, type AuditPage, auditHead, auditPage } from '../../shared/audit/audit-page.ts';
import { openOperatorApi } from '../access/operator-api.ts';
import { type CliContext, withConnection } from '../context.ts';

/** The audit trail of a deployment, whichever way it is read. */
export interface AuditSource {
  readHead(): Promise<AuditHead>;
  /** @throws {CommandFailure} over the API; whatever ioredis throws on Redis */
  readPage(after: number): Promise<AuditPage>;
}

const PAGE = 500;
// A newer producer says more than this version knows.
const head = z.looseObject(auditHead.shape);
const page = z.looseObject(auditPage.shape);

/** Over the operators' API when there is a key for it, else on Redis. */
export async function withAuditSource<T>(
  context: CliContext,
  work: (source: AuditSource) => Promise<T>,
): Promise<T> {
  const access = await context.findOperatorAccess();
  if (access !== null) {
    const api = openOperatorApi(access, context.interrupted);
    return work({
      readHead: () => api.ask({ path: 'audit/head' }, head),
      readPage: (after) => api.ask({ path: 'audit', query: { after, limit: PAGE } }, page),
    });
  }
  return withConnection(context, async ({ redis, keys }) => {
    const { readAuditHead, readAuditPage } = await import('../../shared/store/audit/read-audit-page.ts');
    const signingKey = context.ownSigningKeys?.newest ?? null;
    const reader = { redis, keys, signingKey, now: context.now };
    return work({
      readHead: () => readAuditHead(reader),
      readPage: (after) => readAuditPage(reader, { after, limit: PAGE }),
    });
  });
}
