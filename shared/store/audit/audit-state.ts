import type { Redis } from 'ioredis';
import { FIRST_LINK } from '../../audit/audit-entry.ts';
import { type AuditPlace, signStatement } from '../../audit/audit-head.ts';
import type { SigningKey } from '../../signing/signing-keys.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { readAudit } from './audit-trail.ts';

const pruneScript = loadScript(new URL('../scripts/prune-audit.lua', import.meta.url));
const noteHeadScript = loadScript(new URL('../scripts/note-audit-head.lua', import.meta.url));

/** Where the trail begins and ends. */
export interface AuditState {
  readonly head: AuditPlace;
  /** What was dropped at the end of `AUDIT_RETENTION`: number 0 when nothing was. */
  readonly dropped: AuditPlace & { readonly checkpoint: string | null };
  /** Events that are not in the chain yet. */
  readonly waiting: number;
}

export async function readAuditState(redis: Redis, keys: StoreKeys): Promise<AuditState> {
  const [fields, waiting] = await Promise.all([
    redis.hgetall(keys.auditHead()),
    redis.llen(keys.auditWaiting()),
  ]);
  const place = (number: string | undefined, hash: string | undefined): AuditPlace => ({
    number: /^\d{1,15}$/.test(number ?? '') ? Number(number) : 0,
    hash: hash ?? FIRST_LINK,
  });
  return {
    head: place(fields['number'], fields['hash']),
    dropped: {
      ...place(fields['droppedNumber'], fields['droppedHash']),
      checkpoint: fields['checkpoint'] || null,
    },
    waiting,
  };
}

/** Entries that are dropped in one go, at most. */
export const PRUNED_AT_ONCE = 500;

/**
 * Drops what has been kept long enough, from the beginning of the trail up to the first entry that has not.
 *
 * @param now ms epoch
 * @returns how many entries were dropped, 500 at most
 */
export async function pruneAudit(
  {
    redis,
    keys,
    signingKey,
  }: { readonly redis: Redis; readonly keys: StoreKeys; readonly signingKey: SigningKey | null },
  { retentionMs, now }: { readonly retentionMs: number; readonly now: number },
): Promise<number> {
  const { lines } = await readAudit(redis, keys, { after: 0, limit: PRUNED_AT_ONCE });
  const kept = lines.findIndex((line) => line === null || Date.parse(line.entry.at) > now - retentionMs);
  const last = lines[(kept === -1 ? lines.length : kept) - 1];
  if (last === undefined || last === null) return 0;
  const stated = {
    lane: keys.lane,
    number: last.entry.number,
    hash: last.hash,
    at: new Date(now).toISOString(),
  };
  const checkpoint = signingKey === null ? '' : signStatement(signingKey, 'checkpoint', stated);
  const places = [keys.auditTrail(), keys.auditHead()];
  return Number(await pruneScript(redis, places, [stated.number, stated.hash, checkpoint]));
}

/** Whether this process is the one to report a head outside: no other has. */
export async function noteHeadReported(redis: Redis, keys: StoreKeys, number: number): Promise<boolean> {
  return (await noteHeadScript(redis, [keys.auditHead()], [number])) === 1;
}
