import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ClientErasureReceipt } from '../../shared/contract/client-receipt.ts';
import { plural } from '../../shared/contract/plural.ts';
import { signClientReceipt } from '../../shared/receipts/client-receipt.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { readClientErasures } from '../../shared/store/clients/read-client-erasures.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import { ProblemError } from '../problem.ts';
import { parseClientParam } from './client-routes.ts';
import type { NoteReading } from './note-reading.ts';

export interface ClientReceiptDeps extends VerificationStore {
  readonly audit: Audit;
  readonly hasObjectStore: boolean;
  readonly noteReading: NoteReading;
  /** ms epoch */
  readonly now: () => number;
}

/** `GET /console/api/clients/:client/receipt`: what was deleted of all its verifications, signed; also after the client was deleted. */
export function addClientReceiptRoute(app: FastifyInstance, deps: ClientReceiptDeps): void {
  const { audit, hasObjectStore, noteReading, now } = deps;
  app.get(
    '/console/api/clients/:client/receipt',
    async (request: FastifyRequest): Promise<ClientErasureReceipt> => {
      const clientId = parseClientParam(request);
      const at = now();
      const reading = await readClientErasures(deps, { clientId, hasObjectStore, now: at });
      if (reading === null) throw new ProblemError('not_found');
      if (audit.signingKey === null) throw new ProblemError('receipts_not_offered');
      const { kept, ...erasures } = reading;
      if (kept > 0) {
        const detail = `${plural(kept, 'verification')} of the client ${kept === 1 ? 'waits, with its photo' : 'wait, with their photos'}.`;
        throw new ProblemError('subject_kept', { members: { detail } });
      }
      await noteReading(request, { action: 'read_client_receipt', target: clientId });
      return signClientReceipt(audit.signingKey, { ...erasures, lane: deps.keys.lane, clientId, now: at });
    },
  );
}
