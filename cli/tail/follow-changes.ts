import type { ConsoleChanges, VerificationChange } from '../../shared/contract/console-changes.ts';
import { plural } from '../../shared/contract/plural.ts';
import type { Operations } from '../operations/operations.ts';
import { printable } from '../terminal.ts';
import type { Followed, ShownLines } from './shown-lines.ts';

/** Which changes are wanted. */
export interface ChangeFilter {
  readonly client?: string;
  readonly reference?: string;
  readonly deliveries?: true;
}

/** What happens to verifications, their events and the lane, from the first look on. */
export function followChanges(
  operations: Pick<Operations, 'readChanges'>,
  lines: ShownLines,
  filter: ChangeFilter,
): Followed {
  let cursor: string | null = null;
  const look = async () => {
    const changes = await operations.readChanges(cursor);
    cursor = changes.nextCursor;
    show(lines, changes, filter);
    return changes.isMore;
  };
  return { look };
}

function show(lines: ShownLines, { lane, data, isMissed }: ConsoleChanges, filter: ChangeFilter): void {
  lines.showNew('lane', { lane }, describeLane(lane));
  if (isMissed) {
    lines.forget('missed');
    lines.showNew('missed', { missed: true }, 'some changes were forgotten before they could be read');
  }
  for (const change of data) {
    if (isWanted(change, filter)) lines.showNew(change.id, { verification: change }, describeChange(change));
  }
}

function isWanted(change: VerificationChange, { client, reference, deliveries }: ChangeFilter): boolean {
  if (client !== undefined && change.clientId !== client) return false;
  if (reference !== undefined && change.reference !== reference) return false;
  return deliveries !== true || change.verdict !== null;
}

function describeLane({ lane, status, reason }: ConsoleChanges['lane']): string {
  return `lane ${lane} is ${status}${reason === null ? '' : `: ${printable(reason)}`}`;
}

function describeChange(change: VerificationChange): string {
  const { id, clientId, reference, verdict, code } = change;
  const words = [
    id,
    clientId,
    change.status,
    verdict === null ? (code ?? '') : `${verdict} (${code})`,
    verdict === null ? '' : describeDelivery(change),
    reference === null ? '' : `reference ${reference}`,
  ];
  return words
    .filter((word) => word !== '')
    .map(printable)
    .join('  ');
}

/** `event retrying after 3 attempts (503)`. */
function describeDelivery({ delivery, deliveryAttempts, deliveryResult }: VerificationChange): string {
  const attempts = plural(deliveryAttempts, 'attempt');
  const result = deliveryResult === null ? '' : ` (${deliveryResult})`;
  return deliveryAttempts === 0 ? `event ${delivery}` : `event ${delivery} after ${attempts}${result}`;
}
