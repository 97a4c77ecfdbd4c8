import { clientActor } from '../../shared/audit/actor.ts';
import type { AuditEvent } from '../../shared/audit/audit-entry.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';

export type OwnChange = Pick<AuditEvent, 'action' | 'targetKind' | 'target' | 'result' | 'details'>;

/** Writes into the audit trail what a client changed of itself by its own key. */
export async function noteChange(
  { audit }: { readonly audit: Pick<Audit, 'note'> },
  clientId: string,
  change: OwnChange,
): Promise<void> {
  await audit.note({ ...clientActor(clientId), ...change });
}
