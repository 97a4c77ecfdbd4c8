--- Takes events that bring no outcome out of the feeds once they were kept for long enough.
---
--- KEYS[1] notices        sorted set
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] keptMs
--- ARGV[3] limit          at most so many
---
--- Reply: how many were looked at.
--- Invariant: An entry goes only as the event that it was: the numbers of a feed that was lost are given again.

--- @keys feed
--- @include "fragments/now-ms.lua"
--- @include "fragments/leave-feed.lua"

local notices, tag, keptMs, limit = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local latest = string.format('%.0f', nowMs() - keptMs)
local due = redis.call('ZRANGEBYSCORE', notices, '-inf', latest, 'LIMIT', 0, limit)
for _, member in ipairs(due) do
  local client, number, id = string.match(member, '^(%S+) (%d+) (%S+)$')
  local found = client and redis.pcall('XRANGE', feedKey(tag, client), '0-' .. number, '0-' .. number)
  if found and found[1] and found[1][2][2] == id then leaveFeed(tag, client, number) end
  redis.call('ZREM', notices, member)
end
return #due
