import type { Case } from './cases.ts';
import type { ReceivedEvent } from './receiver.ts';
import type { Accepted } from './submit.ts';

/** A submission that was accepted, and when (ms epoch). */
export interface Entry {
  readonly demoCase: Case;
  readonly accepted: Accepted;
  readonly submittedAt: number;
}

/** What is wrong, one sentence each; empty when everybody got the one right answer. */
export function findFaults(
  entries: readonly Entry[],
  events: ReadonlyMap<string, ReceivedEvent>,
): readonly string[] {
  const known = new Set(entries.map(({ accepted }) => accepted.id));
  const unknown = [...events.keys()].filter((id) => !known.has(id));
  return [
    ...entries.flatMap((entry) => findFaultsOf(entry, events.get(entry.accepted.id))),
    ...unknown.map((id) => `${id}: an event came for a verification that was never submitted`),
  ];
}

function findFaultsOf({ demoCase, accepted }: Entry, received: ReceivedEvent | undefined): readonly string[] {
  const who = `${accepted.id} (${demoCase.purpose})`;
  const { expected } = demoCase;
  if (!received) return [`${who}: no event came, expected ${expected.verdict} by ${expected.code}`];
  const { outcome } = received.event.data;
  const faults: string[] = [];
  if (outcome?.verdict !== expected.verdict || outcome.code !== expected.code) {
    const outcomeText = outcome ? `${outcome.verdict} by ${outcome.code}` : 'no outcome';
    faults.push(`${who}: expected ${expected.verdict} by ${expected.code}, received ${outcomeText}`);
  }
  if (received.webhookIds.size > 1) {
    faults.push(`${who}: one event came under ${received.webhookIds.size} different webhook-ids`);
  }
  return faults;
}
