import type { Verification } from '../shared/contract/verification.ts';
import { formatTime, printable, type Terminal } from './terminal.ts';

/** A verification as people read it; under `--json` it is shown as the API gives it. */
export function describeVerification(terminal: Terminal, verification: Verification): string {
  const { id, status, reference, outcome, position, estimatedCompletionAt, nextAttemptAt } = verification;
  const time = (instant: string | null) => (instant === null ? null : formatTime(Date.parse(instant)));
  const pairs = {
    verification: id,
    status,
    reference: reference === null ? null : printable(reference),
    verdict: outcome?.verdict ?? null,
    code: outcome?.code ?? null,
    similarity: outcome?.sim?.toString() ?? null,
    action: outcome?.action ?? null,
    place: position?.toString() ?? null,
    expected: time(estimatedCompletionAt),
    'next attempt': time(nextAttemptAt),
    completed: time(outcome?.completedAt ?? null),
    delivery: outcome === null ? null : verification.delivery.status,
  };
  const known = Object.entries(pairs).filter((pair): pair is [string, string] => pair[1] !== null);
  return terminal.pairs(Object.fromEntries(known));
}
