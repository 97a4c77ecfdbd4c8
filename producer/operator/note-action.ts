import type { FastifyRequest } from 'fastify';
import type { Logger } from '../../shared/log.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { auditOperator } from '../../shared/store/operators/activity.ts';
import type { OperatorIdentity } from '../../shared/store/operators/operators.ts';

export interface OperatorAction {
  /** `pause_lane`, `redeliver` … */
  readonly action: string;
  /** What came of it. */
  readonly status: string;
  /** The id it was done to. */
  readonly target?: string;
  /** For the log alone: the same id by its kind, and what Activity does not keep. */
  readonly details?: object;
}

/** Writes down what an operator did: a line in the log, and an entry of the audit trail, which Activity shows. */
export type NoteAction = (request: FastifyRequest, action: OperatorAction) => Promise<void>;

export interface NoteActionDeps {
  readonly audit: Audit;
  readonly log: Logger;
  readonly operatorOf: (request: FastifyRequest) => OperatorIdentity;
}

export function createNoteAction({ operatorOf, ...deps }: NoteActionDeps): NoteAction {
  return async (request, action) => writeAction(deps, operatorOf(request).name, action);
}

/** The action has been done: when Redis does not take the entry, the log has it, and the answer is no failure. */
export async function writeAction(
  { audit, log }: Omit<NoteActionDeps, 'operatorOf'>,
  operator: string,
  { action, status, target, details }: OperatorAction,
): Promise<void> {
  log.warn({ event: 'operator_action', operator, action, status, ...details }, 'an operator intervened');
  await audit.note(auditOperator({ operator, action, target: target ?? null, result: status }));
}
