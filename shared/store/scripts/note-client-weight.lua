--- Brings one client up to date in the sum of the weights, and reads the sum.
---
--- KEYS[1] client         hash
--- KEYS[2] weights        hash: the weight of each client by its id, `#sum`, `#count`, `#complete`
--- ARGV[1] id             of the client
--- ARGV[2] tag            what the store's keys begin with
--- ARGV[3] defaultWeight
--- ARGV[4] maxWeight
---
--- Reply: {weight, sum, count, complete}; complete is 0 while not every client has been counted.
--- Invariant: `#sum` and `#count` are those of the entries. A client counts as long as it may submit or has work.

--- @include "fragments/count-unfinished.lua"

local client, weights = KEYS[1], KEYS[2]
local id, tag, defaultWeight, maxWeight = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local known = redis.call('HMGET', client, 'id', 'disabled', 'weight')
local weight = string.match(known[3] or '', '^[1-9]%d?%d?%d?$') and tonumber(known[3]) or defaultWeight
if weight > maxWeight then weight = defaultWeight end
local counts = (known[1] and known[2] ~= '1') or countUnfinished(tag, id) > 0
local was = tonumber(redis.call('HGET', weights, id) or '0')
local now = counts and weight or 0
if was ~= now then
  if now == 0 then redis.call('HDEL', weights, id) else redis.call('HSET', weights, id, now) end
  redis.call('HINCRBY', weights, '#sum', now - was)
  if was == 0 then redis.call('HINCRBY', weights, '#count', 1) end
  if now == 0 then redis.call('HINCRBY', weights, '#count', -1) end
end
local all = redis.call('HMGET', weights, '#sum', '#count', '#complete')
return {weight, tonumber(all[1] or '0'), tonumber(all[2] or '0'), tonumber(all[3] or '0')}
