--- Reserves a call about one person, or reports when the next one may be made.
---
--- KEYS[1..] person       sorted sets: one for each sealing key that digests this person, the newest first
--- ARGV[1] reservation    the call's, as a member
--- ARGV[2] now            ms epoch
--- ARGV[3] perMinute      calls; 0: no limit
--- ARGV[4] perDay         calls; 0: no limit
--- ARGV[5] minuteMs       length of what counts as a minute
--- ARGV[6] dayStart       ms epoch
--- ARGV[7] nextDay        ms epoch
--- ARGV[8] keptMs         how long the newest set outlives its last call
---
--- Reply: {'admitted', reservation}; {'blocked' or 'minute' or 'day', ms epoch from which to try again}.
--- Invariant: No minute and no day gets more calls than its limit. A reservation that exists already was made
--- before its reply was lost, and is made once.
---
--- Most people are asked about once: of them nothing is known, and nothing needs to be looked up.
---
--- All sets are about the same person: their counts are added up, and what is new goes into the first. Member `!`
--- carries the time until which the upstream wants no call; it lies in the future, so that counting up to `now`
--- leaves it out.

local newest = KEYS[1]
local reservation, now, perMinute, perDay = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local minuteMs, dayStart, nextDay, keptMs = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
local function reserve()
  redis.call('ZADD', newest, now, reservation)
  redis.call('PEXPIRE', newest, keptMs)
  return {'admitted', reservation}
end
if redis.call('EXISTS', unpack(KEYS)) == 0 then return reserve() end
if redis.call('ZSCORE', newest, reservation) then return {'admitted', reservation} end
local times, today = {}, 0
for _, key in ipairs(KEYS) do
  local blockedUntil = tonumber(redis.call('ZSCORE', key, '!') or '0')
  if blockedUntil > now then return {'blocked', string.format('%.0f', blockedUntil)} end
  today = today + redis.call('ZCOUNT', key, dayStart, now)
  local recent = redis.call('ZRANGEBYSCORE', key, '(' .. string.format('%.0f', now - minuteMs), now, 'WITHSCORES')
  for i = 2, #recent, 2 do times[#times + 1] = tonumber(recent[i]) end
end
if perDay > 0 and today >= perDay then return {'day', nextDay} end
if perMinute > 0 and #times >= perMinute then
  table.sort(times)
  return {'minute', string.format('%.0f', times[#times - perMinute + 1] + minuteMs)}
end
redis.call('ZREMRANGEBYSCORE', newest, '-inf', '(' .. dayStart)
return reserve()
