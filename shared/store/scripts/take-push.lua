--- Takes the deliveries to one endpoint of a client in hand, unless a process has them.
---
--- KEYS[1] push           hash: how far its deliveries are
--- ARGV[1] owner          token of the process
--- ARGV[2] forMs          after so long without a word of it, another process may take them
---
--- Reply: {'taken', name, value …} with the hash as it was; {'busy'}; {'missing'} when the endpoint was removed, or its
--- position is lost.
--- Invariant: One process at a time delivers to an endpoint, so that its events come in their order. By Redis' clock.

--- @include "fragments/now-ms.lua"

local push, owner, forMs = KEYS[1], ARGV[1], tonumber(ARGV[2])
local held = redis.pcall('HMGET', push, 'owner', 'ownedUntil', 'after')
-- A value of another type holds no position.
if held.err or not held[3] then return {'missing'} end
local now = nowMs()
if held[1] and held[1] ~= owner and tonumber(held[2]) > now then return {'busy'} end
local fields = redis.call('HGETALL', push)
redis.call('HSET', push, 'owner', owner, 'ownedUntil', string.format('%.0f', now + forMs))
return {'taken', unpack(fields)}
