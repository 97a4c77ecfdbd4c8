import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ErasureReceipt } from '../../shared/contract/receipt.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import { ProblemError } from '../problem.ts';
import { makeReceipt, type ReceiptDeps } from '../routes/receipt.ts';
import { parseIdParam } from '../verification/own-verification.ts';
import type { NoteReading } from './note-reading.ts';

/** `GET /console/api/verifications/:id/receipt`: the receipt of any verification that has a record; for an erased one, see its client's. */
export function addVerificationReceiptRoute(
  app: FastifyInstance,
  deps: ReceiptDeps & { readonly noteReading: NoteReading },
): void {
  app.get(
    '/console/api/verifications/:id/receipt',
    async (request: FastifyRequest): Promise<ErasureReceipt> => {
      const id = parseIdParam(request.params);
      const reading = await readRecord(deps.redis, deps.keys, id);
      if (reading.status !== 'found') throw new ProblemError('not_found');
      await deps.noteReading(request, { action: 'read_receipt', target: id });
      return makeReceipt(deps, id, reading.record.clientId);
    },
  );
}
