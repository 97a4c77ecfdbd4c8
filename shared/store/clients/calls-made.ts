import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import { loadGatheredScript } from '../redis/gathered-script.ts';
import type { Extension } from '../verifications/promised-time.ts';

/** Calls are counted by spans of so long, and what is asked for is the last minute: to within a span. */
const SPAN_MS = 5_000;
const SPANS_KEPT = 14;

const countScript = loadGatheredScript(new URL('../scripts/count-call-made.lua', import.meta.url));

export interface CallMade {
  readonly id: string;
  readonly clientId: string;
  /** The call's id. */
  readonly call: string;
  /** The upstream had been asked about the verification before. */
  readonly isRepeat: boolean;
  /** For the record: see `RecordedPromise`. */
  readonly extended: Extension | null;
  /** ms epoch */
  readonly at: number;
}

export async function countCallMade(
  redis: Redis,
  keys: StoreKeys,
  { id, clientId, call, isRepeat, extended, at }: CallMade,
): Promise<void> {
  await countScript(
    redis,
    [keys.record(id), keys.callsMade(Math.floor(at / SPAN_MS)), keys.repeats()],
    [
      clientId,
      call,
      SPANS_KEPT * SPAN_MS,
      isRepeat ? '1' : '0',
      extended === null ? '' : JSON.stringify(extended),
    ],
  );
}

/** A minute in spans. The one that goes on counts as a whole, so what is counted is of the last 55 to 60 seconds. */
const SPANS_OF_MINUTE = 12;

/**
 * Calls of the last minute by client. One round trip; what it reads is bounded by the calls that the quota lets through.
 *
 * @param now ms epoch
 */
export async function readCallsOfMinute(
  redis: Redis,
  keys: StoreKeys,
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const last = Math.floor(now / SPAN_MS);
  const spans = Array.from({ length: SPANS_OF_MINUTE }, (_, i) =>
    readOr(redis.hgetall(keys.callsMade(last - i)), {}),
  );
  const calls = new Map<string, number>();
  for (const span of await Promise.all(spans))
    for (const [clientId, text] of Object.entries(span)) {
      const n = Number(text);
      if (Number.isSafeInteger(n) && n > 0) calls.set(clientId, (calls.get(clientId) ?? 0) + n);
    }
  return calls;
}
