--- Writes down that a worker lives, by Redis' clock.
---
--- KEYS[1] heartbeats     sorted set
--- ARGV[1] worker
---
--- Reply: the time written, ms epoch.
--- Invariant: A heartbeat is forgotten after a day, and with it the deaths that are counted by it.

--- @include "fragments/now-ms.lua"

local KEPT_MS = 86400000
local heartbeats, worker = KEYS[1], ARGV[1]
local now = nowMs()
redis.call('ZREMRANGEBYSCORE', heartbeats, '-inf', now - KEPT_MS)
redis.call('ZADD', heartbeats, now, worker)
return now
