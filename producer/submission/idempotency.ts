import {
  compareDigest,
  computeDigest,
  type DigestPart,
  listDigestCandidates,
} from '../../shared/sealing/digest.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { loadScript } from '../../shared/store/redis/script.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { ProblemError } from '../problem.ts';

/** How long a key stands for its verification, unless the verification's own retention is shorter. */
const LIFETIME_MS = DAY_MS;

/** A claim without a verification for this long belongs to a request that died or never learned its fate. */
const ABANDONED_AFTER_MS = 10_000;

/** 1 to 255 printable ASCII characters, as Stripe and draft-ietf-httpapi-idempotency-key-header take them. */
const USABLE_KEY = /^[\x20-\x7e]{1,255}$/;

export type IdempotencyClaim =
  /** The submission is this request's to make, under this id: new, or of a request that was abandoned. */
  | { readonly status: 'claimed'; readonly id: string; readonly redisKey: string }
  | { readonly status: 'taken'; readonly id: string }
  | { readonly status: 'in_progress' }
  | { readonly status: 'mismatch' };

const claimScript = loadScript(
  new URL('../../shared/store/scripts/claim-idempotency-key.lua', import.meta.url),
);

const releaseScript = loadScript(
  new URL('../../shared/store/scripts/release-idempotency-key.lua', import.meta.url),
);

/** @throws {ProblemError} */
export function parseIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && USABLE_KEY.test(header)) return header;
  throw new ProblemError('invalid_idempotency_key');
}

export interface IdempotencyStore {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
}

/**
 * Claims an Idempotency-Key for one submission. Neither the key nor the submission is stored, only keyed digests.
 *
 * @param parts the canonical submission: the same however it was sent
 */
export async function claimIdempotencyKey(
  { redis, keys, keyRing }: IdempotencyStore,
  {
    clientId,
    key,
    id,
    parts,
    retentionMs,
  }: { clientId: string; key: string; id: string; parts: readonly DigestPart[]; retentionMs: number },
): Promise<IdempotencyClaim> {
  const [newest, ...older] = listDigestCandidates(keyRing, 'idempotency-key', [clientId, key]).map((digest) =>
    keys.idempotency(clientId, digest),
  );
  const reply = (await claimScript(
    redis,
    [newest ?? ''],
    [
      id,
      computeDigest(keyRing, 'idempotency-body', parts),
      // Never longer than the verification can be shown: a replay of nothing would be submitted, and paid for, again.
      Math.min(LIFETIME_MS, retentionMs),
      ABANDONED_AFTER_MS,
      keys.tag,
      ...older,
    ],
  )) as [IdempotencyClaim['status'], string, string, string];
  const [status, redisKey, claimedId, digest] = reply;
  if (claimedId !== id && compareDigest(keyRing, 'idempotency-body', parts, digest) !== 'same') {
    return { status: 'mismatch' };
  }
  if (status === 'claimed') return { status, id: claimedId, redisKey };
  return status === 'taken' ? { status, id: claimedId } : { status: 'in_progress' };
}

/** Gives the key back after a submission that certainly came to nothing. */
export async function releaseIdempotencyKey(
  redis: Redis,
  { id, redisKey }: { id: string; redisKey: string },
): Promise<void> {
  await releaseScript(redis, [redisKey], [id]);
}
