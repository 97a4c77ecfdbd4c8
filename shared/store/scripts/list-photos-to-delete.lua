--- Lists photos that the object store may delete, those first that are due longest.
---
--- KEYS[1] photosExpected  sorted set
--- KEYS[2] photosToDelete  sorted set
--- ARGV[1] offset         how many to pass by
--- ARGV[2] limit          how many to list, and how many to take over
---
--- Reply: where they are.
--- Invariant: A photo whose verification was not accepted in its time cannot be accepted afterwards: it leaves the
--- expected ones before it is deleted.

--- @include "fragments/now-ms.lua"

local expected, toDelete = KEYS[1], KEYS[2]
local offset, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = nowMs()
for _, photoAt in ipairs(redis.call('ZRANGEBYSCORE', expected, '-inf', now, 'LIMIT', 0, limit)) do
  redis.call('ZREM', expected, photoAt)
  redis.call('ZADD', toDelete, now, photoAt)
end
return redis.call('ZRANGE', toDelete, offset, offset + limit - 1)
