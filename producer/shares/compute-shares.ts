import type { Priority } from '../../shared/contract/verification.ts';
import type { ActiveClient, Activity } from '../../shared/store/shares/read-activity.ts';

/** Parts of all calls, 0 to 1. */
export interface Share {
  /** By the weights. */
  readonly due: number;
  /** Of the calls of the last minute; null when none was made. */
  readonly had: number | null;
}

/**
 * What is due to each client that waits or had calls in the last minute, and what it had.
 *
 * Due is the client's weight among the weights of all of them, within a priority: the part it gets while all of them have
 * something waiting. While both priorities wait, bulk's part of the calls is `bulkShare`. Who has calls and nothing waiting counts as
 * interactive: its priority is not known any more. The parts due sum up to 1; those had do too, less the calls of clients that have
 * been deleted since.
 */
export function computeShares({ clients, calls }: Activity, bulkShare: number): ReadonlyMap<string, Share> {
  const weights = { interactive: 0, bulk: 0 };
  for (const client of clients.values())
    for (const priority of prioritiesOf(client)) weights[priority] += client.weight;
  const bulkPart = weights.bulk === 0 ? 0 : weights.interactive === 0 ? 1 : bulkShare;
  const parts = { interactive: 1 - bulkPart, bulk: bulkPart };
  return new Map(
    [...clients].map(([clientId, client]) => {
      const due = prioritiesOf(client).reduce(
        (sum, priority) => sum + (parts[priority] * client.weight) / weights[priority],
        0,
      );
      return [clientId, { due, had: computePartHad(client.calls, calls) }];
    }),
  );
}

/** Null when no call was made at all. */
export const computePartHad = (own: number, all: number): number | null => (all === 0 ? null : own / all);

function prioritiesOf({ waits }: ActiveClient): readonly Priority[] {
  if (!waits.bulk) return ['interactive'];
  return waits.interactive ? ['interactive', 'bulk'] : ['bulk'];
}
