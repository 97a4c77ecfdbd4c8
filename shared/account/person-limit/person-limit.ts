import { createHash, randomUUID } from 'node:crypto';
import { nextChinaDay } from '../../china-time.ts';
import { countDigestingKeys, listDigestCandidates } from '../../sealing/digest.ts';
import type { KeyRing } from '../../sealing/key-ring.ts';
import type { AccountKeys } from '../../store/keys.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import { defineScript } from '../../store/redis/script.ts';
import { DAY_MS } from '../../time-units.ts';

/**
 * Keeps calls about one person below what the upstream allows (15 a minute and 30 a day per ID number), because a refused
 * call costs quota and brings nothing. A person is known by a keyed digest of the ID number, never by the number.
 */
export interface PersonLimit {
  /** Reserves a call, or says when (ms epoch) to come back. */
  admit(idCard: string): Promise<Admission>;
  /** The same for every call about one person, as `LaneReport` wants it: part of a digest of the keyed digest. */
  tagOf(idCard: string): string;
  /** The reserved call was not made. */
  giveBack(idCard: string, reservation: string): Promise<void>;
  /** The upstream has refused this person; everybody waits. @param until ms epoch */
  block(idCard: string, until: number): Promise<void>;
}

export type Admission =
  | { readonly status: 'admitted'; readonly reservation: string }
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

// All candidates of a person's digest (one per sealing key) are the same person: counts are added up, what is new goes
// under the first. Member `!` carries the time until which the upstream wants no call; it lies in the future, so that
// counting up to `now` leaves it out. A reservation that is there already was made before its reply was lost.
const admitScript = (keyCount: number) =>
  defineScript({
    name: 'admitPerson',
    keys: keyCount,
    lua: `
local reservation, now, perMinute, perDay = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local minuteMs, dayStart, nextDay = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if redis.call('ZSCORE', KEYS[1], reservation) then return {'admitted', reservation} end
local times, today = {}, 0
for _, key in ipairs(KEYS) do
  local blockedUntil = tonumber(redis.call('ZSCORE', key, '!') or '0')
  if blockedUntil > now then return {'blocked', string.format('%.0f', blockedUntil)} end
  today = today + redis.call('ZCOUNT', key, dayStart, now)
  local recent = redis.call('ZRANGEBYSCORE', key, '(' .. string.format('%.0f', now - minuteMs), now, 'WITHSCORES')
  for i = 2, #recent, 2 do times[#times + 1] = tonumber(recent[i]) end
end
if perDay > 0 and today >= perDay then return {'day', string.format('%.0f', nextDay)} end
if perMinute > 0 and #times >= perMinute then
  table.sort(times)
  return {'minute', string.format('%.0f', times[#times - perMinute + 1] + minuteMs)}
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[6])
redis.call('ZADD', KEYS[1], now, reservation)
redis.call('PEXPIRE', KEYS[1], ${KEPT_MS})
return {'admitted', reservation}
`,
  });

export function createPersonLimit(deps: PersonLimitDeps): PersonLimit {
  const { redis, keys, keyRing } = deps;
  const admit = admitScript(countDigestingKeys(keyRing, 'person'));
  const keysOf = (idCard: string) =>
    listDigestCandidates(keyRing, 'person', [idCard]).map((digest) => keys.person(digest));
  const newestKeyOf = (idCard: string) => keysOf(idCard)[0] ?? '';
  return {
    tagOf: (idCard) => createHash('sha256').update(newestKeyOf(idCard)).digest('hex').slice(0, 12),
    admit: async (idCard) => {
      const now = deps.now();
      const nextDay = nextChinaDay(now);
      const reply = await admit(redis, keysOf(idCard), [
        // Nothing of the verification: these sets would tell which of them are about the same person.
        randomUUID(),
        now,
        deps.perMinute,
        deps.perDay,
        MINUTE_MS,
        nextDay - DAY_MS,
        nextDay,
      ]);
      const [verdict, at] = reply as [string, string];
      if (verdict === 'admitted') return { status: 'admitted', reservation: at };
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
