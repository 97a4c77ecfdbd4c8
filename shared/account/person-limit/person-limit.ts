import { createHash, randomUUID } from 'node:crypto';
import { nextChinaDay } from '../../china-time.ts';
import { listDigestCandidates } from '../../sealing/digest.ts';
import type { KeyRing } from '../../sealing/key-ring.ts';
import type { AccountKeys } from '../../store/keys.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import { loadScript } from '../../store/redis/script.ts';
import { DAY_MS } from '../../time-units.ts';

/**
 * Keeps calls about one person below what the upstream allows (15 a minute and 30 a day per ID number), because a refused
 * call costs quota and brings nothing. A person is known by a keyed digest of the ID number, never by the number.
 */
export interface PersonLimit {
  /** Reserves a call, or says when (ms epoch) to come back. */
  admit(idCard: string): Promise<Admission>;
  /** The reserved call was not made. */
  giveBack(idCard: string, reservation: string): Promise<void>;
  /** The upstream has refused this person; everybody waits. @param until ms epoch */
  block(idCard: string, until: number): Promise<void>;
}

export type Admission =
  | {
      readonly status: 'admitted';
      readonly reservation: string;
      /** The same for every call about one person, as `AttemptReport` wants it: part of a digest of the keyed digest. */
      readonly tag: string;
    }
  | { readonly status: 'wait'; readonly until: number };

export interface PersonLimitDeps {
  readonly redis: Redis;
  readonly keys: AccountKeys;
  readonly keyRing: KeyRing;
  /** 0: no limit of ours. */
  readonly perMinute: number;
  readonly perDay: number;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * A call is reserved when it is prepared and arrives when its slot opens, up to `maxHoldMs` (10 s) later. A minute that is
 * longer by more than that keeps the sixteenth out of any minute of the upstream's.
 */
const MINUTE_MS = 72_000;
/** Waits for a new day are spread over this long: all who wait would otherwise come at midnight. */
const DAY_JITTER_MS = 600_000;
const KEPT_MS = 2 * DAY_MS;

const admitScript = loadScript(new URL('admit-person.lua', import.meta.url));

export function createPersonLimit(deps: PersonLimitDeps): PersonLimit {
  const { redis, keys, keyRing } = deps;
  const keysOf = (idCard: string) =>
    listDigestCandidates(keyRing, 'person', [idCard]).map((digest) => keys.person(digest));
  const newestKeyOf = (idCard: string) => keysOf(idCard)[0] ?? '';
  return {
    admit: async (idCard) => {
      const now = deps.now();
      const nextDay = nextChinaDay(now);
      const personKeys = keysOf(idCard);
      const reply = await admitScript(redis, personKeys, [
        // Nothing of the verification: these sets would reveal which of them are about the same person.
        randomUUID(),
        now,
        deps.perMinute,
        deps.perDay,
        MINUTE_MS,
        nextDay - DAY_MS,
        nextDay,
        KEPT_MS,
      ]);
      const [verdict, at] = reply as [string, string];
      if (verdict === 'admitted') {
        return { status: 'admitted', reservation: at, tag: makeTag(personKeys[0] ?? '') };
      }
      const jitter = verdict === 'day' ? Math.floor(deps.random() * DAY_JITTER_MS) : 0;
      return { status: 'wait', until: Number(at) + jitter };
    },
    giveBack: async (idCard, reservation) => {
      await redis.zrem(newestKeyOf(idCard), reservation);
    },
    block: async (idCard, until) => {
      const key = newestKeyOf(idCard);
      await redis.multi().zadd(key, until, '!').pexpire(key, KEPT_MS).exec();
    },
  };
}

const makeTag = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 12);
