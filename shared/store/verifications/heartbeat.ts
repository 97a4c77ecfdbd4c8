import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';

/** A worker that has been silent for so long, in ms of Redis' clock, is dead or stands still, as far as Redis can know. */
export const SILENT_MS = 3_000;

/** A dead worker's last heartbeat is forgotten after a day, and with it the deaths that are counted by it. */
const REMEMBERED_MS = 86_400_000;

const beatScript = defineScript({
  name: 'heartbeat',
  keys: 1,
  lua: `
local heartbeats, worker = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', heartbeats, '-inf', now - ${REMEMBERED_MS})
redis.call('ZADD', heartbeats, now, worker)
return now
`,
});

/** Writes down that this worker lives, by Redis' clock: no machine's clock has a say in who is dead. */
export async function beat(redis: Redis, keys: LaneKeys, workerId: string): Promise<void> {
  await beatScript(redis, [keys.heartbeats()], [workerId]);
}

/** A worker that stops in order has no heartbeat, and so no death. */
export async function endHeartbeat(redis: Redis, keys: LaneKeys, workerId: string): Promise<void> {
  await redis.zrem(keys.heartbeats(), workerId);
}

/**
 * Deaths of workers with this verification in flight: entries `<kind>:<last heartbeat>:<worker>` in the field `deaths`, the
 * kinds being those of `DeathKind`.
 *
 * A worker that is silent when its claim is taken over may be cut off from Redis, or stopped. So a death counts only as long
 * as the worker's last heartbeat stays what it was. Compared for being the same, not for being later: the clock of a
 * replica that took over may be behind. A worker without a heartbeat stopped in order, or is of a version before.
 */
export const deathsLua = `
local function forgetDeathsOfTheLiving(record, heartbeats)
  local deaths = redis.call('HGET', record, 'deaths')
  if not deaths then return end
  local kept = ''
  for entry in string.gmatch(deaths, '%S+') do
    local beat, worker = string.match(entry, '^%a+:(%d+):(.+)$')
    if worker and redis.call('ZSCORE', heartbeats, worker) == beat then kept = kept .. entry .. ' ' end
  end
  if kept ~= deaths then redis.call('HSET', record, 'deaths', kept) end
end
local function noteDeath(record, heartbeats)
  local held = redis.call('HMGET', record, 'claimedBy', 'claimToken', 'ranAlone', 'deaths')
  local beat = redis.call('ZSCORE', heartbeats, held[1])
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if not beat or now - tonumber(beat) <= ${SILENT_MS} then return end
  local kind = held[2] and held[2] == held[3] and 'alone' or 'shared'
  redis.call('HSET', record, 'deaths', (held[4] or '') .. kind .. ':' .. beat .. ':' .. held[1] .. ' ')
end
`;
