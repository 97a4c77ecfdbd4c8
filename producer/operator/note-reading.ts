import type { FastifyRequest } from 'fastify';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { auditOperator } from '../../shared/store/operators/activity.ts';
import type { OperatorIdentity } from '../../shared/store/operators/operators.ts';

/** The console asks again and again for what it shows: one entry stands for all of it, per operator and target. */
const SAME_READING_MS = 10 * 60_000;
/** More are remembered by no process; those remembered longest are noted once more. */
const MOST_REMEMBERED = 10_000;

/** Writes down for the audit trail what an operator looked at: what is near to a person. */
export type NoteReading = (
  request: FastifyRequest,
  reading: {
    readonly action: `read_${string}` | `search_${string}` | `export_${string}`;
    readonly target: string | null;
  },
) => Promise<void>;

export function createNoteReading({
  audit,
  operatorOf,
  now,
}: {
  readonly audit: Audit;
  readonly operatorOf: (request: FastifyRequest) => OperatorIdentity;
  readonly now: () => number;
}): NoteReading {
  const noted = new Map<string, number>();
  return async (request, { action, target }) => {
    const operator = operatorOf(request).name;
    const reading = JSON.stringify([operator, action, target]);
    const before = noted.get(reading);
    if (before !== undefined && now() - before < SAME_READING_MS) return;
    noted.delete(reading);
    noted.set(reading, now());
    for (const oldest of noted.keys()) {
      if (noted.size <= MOST_REMEMBERED) break;
      noted.delete(oldest);
    }
    await audit.note(auditOperator({ operator, action, target, result: 'read' }));
  };
}
