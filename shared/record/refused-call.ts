import type { ClaimContext } from './claim.ts';
import { type LedgerEntry, ledgerField } from './ledger.ts';

/** A call the upstream refused for pace: it is in the ledger, unmarked, and no attempt of the verification. */
export async function noteRefusedCall(
  { redis, keys }: ClaimContext,
  id: string,
  entry: LedgerEntry,
): Promise<void> {
  await Promise.all([
    redis.hdel(keys.record(id), 'sentAt'),
    redis.hincrby(keys.ledger(entry.day), ledgerField(entry), 1),
  ]);
}
