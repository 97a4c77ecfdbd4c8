import type { AuditEvent } from './audit-entry.ts';

/** Who did something. */
export type AuditActor = Pick<AuditEvent, 'actorKind' | 'actor'>;

/** The system itself. */
export const WORKER: AuditActor = { actorKind: 'system', actor: 'worker' };

/** By its own API key. */
export const clientActor = (clientId: string): AuditActor => ({ actorKind: 'client', actor: clientId });

export const operatorActor = (name: string): AuditActor => ({ actorKind: 'operator', actor: name });
