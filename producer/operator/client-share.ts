import type { ConsoleClient } from '../../shared/contract/console.ts';
import type { ConsoleShares } from '../../shared/contract/console-shares.ts';
import type { ShareView } from '../shares/share-view.ts';

/** What waits of a client, and its part of the quota. */
export async function readShare(
  shares: ShareView,
  client: { readonly id: string; readonly weight: number },
): Promise<ConsoleClient['share']> {
  const { interactive, bulk, callsLastMinute, shareDue, shareHad, oldestAt } = await shares.of(client);
  return {
    interactive,
    bulk,
    callsLastMinute,
    due: shareDue,
    had: shareHad,
    oldestAt: oldestAt === null ? null : new Date(oldestAt).toISOString(),
  };
}

/** Enough to see who takes the quota; a deployment may have ten thousand clients. */
const MAX_SHOWN = 100;

/** The clients that wait or had calls, the most waiting first. */
export async function listShares(shares: ShareView): Promise<ConsoleShares> {
  const { clients, others } = await shares.readBusiest(MAX_SHOWN);
  return { data: [...clients], others };
}
