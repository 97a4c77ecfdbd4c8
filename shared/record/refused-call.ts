import { defineScript } from '../redis/script.ts';
import type { ClaimContext } from './claim.ts';
import { type LedgerEntry, ledgerField } from './ledger.ts';
import { countCallLua } from './lua.ts';

const countCallScript = defineScript({
  name: 'countCall',
  keys: 1,
  lua: `
${countCallLua}
countCall(KEYS[1], ARGV[1])
`,
});

/** A call the upstream refused for pace: it is in the ledger, unmarked, and no attempt of the verification. */
export async function noteRefusedCall(
  { redis, keys }: ClaimContext,
  id: string,
  entry: LedgerEntry,
): Promise<void> {
  await Promise.all([
    redis.hdel(keys.record(id), 'sentAt'),
    countCallScript(redis, [keys.ledger(entry.day)], [ledgerField(entry)]),
  ]);
}
