import type { Redis } from 'ioredis';
import { chinaDay, endOfChinaDay } from '../../china-time.ts';
import { DAY_MS } from '../../time-units.ts';
import type { StoreKeys } from '../keys.ts';
import { passBy, type ReportPassedBy } from '../redis/pass-by.ts';
import { scanHash } from '../redis/scan-hash.ts';
import { loadScript } from '../redis/script.ts';
import { LEDGER_DAYS, listDays } from './usage-period.ts';

/** Calls are written down in seconds after they were made. */
const LATE_COUNTS_MS = 3_600_000;
/** While a day lasts, a worker of an earlier version may count without copying; its counts are caught up with so often. */
const RECENT_MS = 600_000;
const KEPT_SECONDS = (LEDGER_DAYS * DAY_MS) / 1_000;

const copyCallsScript = loadScript(new URL('../scripts/copy-calls.lua', import.meta.url));

/**
 * Copies the ledgers of some days to those of their clients, unless that was done since they were last written.
 *
 * What counts a call copies it too. This is for what was counted before a version that does so, and happens once for
 * each day; a day that has only just begun may be looked at again.
 *
 * A day that cannot be read is reported and passed by.
 *
 * @param now ms epoch
 */
export async function copyLedgers(
  redis: Redis,
  keys: StoreKeys,
  days: readonly string[],
  { now, report }: { readonly now: number; readonly report: ReportPassedBy },
): Promise<void> {
  if (days.length === 0) return;
  const marks = await redis.mget(days.map((day) => keys.ledgerCopied(day)));
  for (const [i, day] of days.entries()) {
    if (isCopied(day, Number(marks[i] ?? 0), now)) continue;
    await passBy(`ledger of ${day}`, report, () => copyLedger(redis, keys, day, now));
  }
}

/** The same for the days of the present month up to today, which a budget counts. */
export async function copyLedgersOfMonth(
  redis: Redis,
  keys: StoreKeys,
  now: number,
  report: ReportPassedBy,
): Promise<void> {
  const today = chinaDay(now);
  await copyLedgers(redis, keys, listDays({ from: `${today.slice(0, 7)}-01`, to: today }), { now, report });
}

function isCopied(day: string, copiedAt: number, now: number): boolean {
  return copiedAt > endOfChinaDay(day) + LATE_COUNTS_MS || (copiedAt > 0 && now - copiedAt < RECENT_MS);
}

async function copyLedger(redis: Redis, keys: StoreKeys, day: string, now: number): Promise<void> {
  for await (const page of scanHash(redis, keys.ledger(day))) {
    if (page.length === 0) continue;
    await copyCallsScript(redis, [keys.ledger(day)], [keys.tag, day, ...page.map(([entry]) => entry)]);
  }
  await redis.set(keys.ledgerCopied(day), String(now), 'EX', KEPT_SECONDS);
}
