--- Replaces the health of an endpoint.
---
--- KEYS[1] health         string
--- KEYS[2] unhealthy      set
--- ARGV[1] endpoint
--- ARGV[2] before         JSON as it was read, or empty
--- ARGV[3] after          JSON; empty: healthy
---
--- Reply: 'replaced'; 'changed' when it has changed since it was read.
--- Invariant: An endpoint has a health, and a place among the unhealthy ones, only while it is not healthy.

local health, unhealthy = KEYS[1], KEYS[2]
local endpoint, before, after = ARGV[1], ARGV[2], ARGV[3]
if (redis.call('GET', health) or '') ~= before then return 'changed' end
if after == '' then
  redis.call('DEL', health)
  redis.call('SREM', unhealthy, endpoint)
else
  redis.call('SET', health, after)
  redis.call('SADD', unhealthy, endpoint)
end
return 'replaced'
