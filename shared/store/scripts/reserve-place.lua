--- Reserves a place among a client's verifications without an outcome, if the client has a cap and is below it.
---
--- KEYS[1] clientHash     hash
--- KEYS[2] reserved       sorted set by the time (ms epoch) until which a place is reserved
--- ARGV[1] id
--- ARGV[2] client         its id
--- ARGV[3] tag            what the store's keys begin with
--- ARGV[4] defaultCap     of a client without one of its own; 0 sets none
--- ARGV[5] keptMs         how long a place is reserved
---
--- Reply: {'free'} without a cap; {'reserved'}; {'full', unfinished, cap}.
--- Invariant: What is reserved and what is accepted stay below the cap together, however many submissions come at
--- once: an acceptance takes its reservation away in the script that writes it to the index. A place whose producer
--- died is free again after its time.

--- @include "fragments/now-ms.lua"
--- @include "fragments/client-cap.lua"
--- @include "fragments/count-unfinished.lua"

local clientHash, reserved = KEYS[1], KEYS[2]
local id, client, tag, defaultCap, keptMs = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local cap = clientCap(clientHash, 'maxWaiting') or defaultCap
if cap == 0 then return {'free'} end
local now = nowMs()
redis.call('ZREMRANGEBYSCORE', reserved, '-inf', now)
redis.call('ZREM', reserved, id)
local unfinished = countUnfinished(tag, client) + redis.call('ZCARD', reserved)
if unfinished >= cap then return {'full', unfinished, cap} end
redis.call('ZADD', reserved, now + keptMs, id)
redis.call('PEXPIRE', reserved, keptMs)
return {'reserved'}
