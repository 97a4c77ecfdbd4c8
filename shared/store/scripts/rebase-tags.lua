--- Takes what has passed off all tags of a priority, before they outgrow what a score has room for.
---
--- KEYS[1] state          hash
--- KEYS[2] prioritized    sorted set of BullMQ's: the verifications that wait
--- KEYS[3] next           sorted set: client and the tag of its next turn
--- ARGV[1] class          2 or 4
--- ARGV[2] limit          of the virtual time; up to there nothing is done
---
--- Reply: the virtual time that was taken off; 0 when nothing was done.
--- Invariant: Order and distances stay. Those that are parked keep their order among themselves, and a claim takes
--- its tag from `next`, so their scores may stay what they are.

--- @include "fragments/shares.lua"

local state, prioritized, next, class = KEYS[1], KEYS[2], KEYS[3], tonumber(ARGV[1])
local passed = tonumber(redis.call('HGET', state, 'v:' .. class) or '0')
if passed <= tonumber(ARGV[2]) then return '0' end
local function lower(key, from, to, floor)
  local entries = redis.call('ZRANGEBYSCORE', key, from, to, 'WITHSCORES')
  for i = 1, #entries, 2 do
    redis.call('ZADD', key, shares.exact(math.max(floor, tonumber(entries[i + 1]) - passed)), entries[i])
  end
end
local first = class * shares.SPAN
lower(next, '-inf', '+inf', 0)
lower(prioritized, shares.exact(first), '(' .. shares.exact(first + shares.PARKED), first)
redis.call('HSET', state, 'v:' .. class, '0', 'base:' .. class, shares.exact(shares.baseOf(state, class) + passed))
return shares.exact(passed)
