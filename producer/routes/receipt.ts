import type { FastifyInstance } from 'fastify';
import { type ErasureReceipt, erasureReceipt } from '../../shared/contract/receipt.ts';
import { signReceipt } from '../../shared/receipts/erasure-receipt.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { readErasure } from '../../shared/store/verifications/read-erasure.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { ProblemError } from '../problem.ts';
import { clientOf } from '../request-state.ts';
import { idParams, parseIdParam } from '../verification/own-verification.ts';

export interface ReceiptDeps extends VerificationStore {
  readonly audit: Pick<Audit, 'signingKey'>;
  readonly hasObjectStore: boolean;
  /** ms epoch */
  readonly now: () => number;
}

/** `GET /v1/verifications/{id}/receipt`: what was deleted of it and when, signed. */
export function addReceiptRoute(app: FastifyInstance, deps: ReceiptDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/verifications/:id/receipt',
    schema: {
      operationId: 'getErasureReceipt',
      tags: ['Verifications'],
      summary: 'Get a signed receipt of what was deleted, and when',
      description:
        'Photo, ID number and name are deleted with the key that opens them: with the outcome, a cancellation or an erasure. The receipt states when, and can be verified offline with the public keys. After an erasure it is available for `AUDIT_RETENTION`.',
      params: idParams,
      response: { 200: erasureReceipt.describe('The receipt'), ...problemResponses('getErasureReceipt') },
    },
    handler: async (request) => makeReceipt(deps, parseIdParam(request.params), clientOf(request).id),
  });
}

/** @throws {ProblemError} not_found, subject_kept, receipts_not_offered */
export async function makeReceipt(deps: ReceiptDeps, id: string, clientId: string): Promise<ErasureReceipt> {
  const { audit, hasObjectStore, now } = deps;
  const reading = await readErasure(deps, { id, clientId, hasObjectStore, now: now() });
  if (reading.status === 'missing') throw new ProblemError('not_found');
  if (audit.signingKey === null) throw new ProblemError('receipts_not_offered');
  if (reading.status === 'kept') throw new ProblemError('subject_kept');
  return signReceipt(audit.signingKey, reading.statement);
}
