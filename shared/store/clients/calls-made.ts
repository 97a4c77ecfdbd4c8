import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import type { Extension } from '../verifications/promised-time.ts';

/** Calls are counted by spans of so long, and what is asked for is the last minute: to within a span. */
const SPAN_MS = 5_000;
const SPANS_KEPT = 14;

const countScript = loadScript(new URL('../scripts/count-call-made.lua', import.meta.url));

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
