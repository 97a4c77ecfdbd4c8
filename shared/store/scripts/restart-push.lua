--- Lets the deliveries to one endpoint begin again: at once, with the whole schedule before the next event.
---
--- KEYS[1] push           hash
--- ARGV[1] after          the number behind which they begin; empty: where they are
---
--- Reply: 1; 0 when its position is lost and none is given, or it was removed.
--- Invariant: What is left out was not sent: the known past of the endpoint begins behind it. A position that is lost
--- is found again by giving one, also where the key holds a value of another type.

local push, after = KEYS[1], ARGV[1]
local before = redis.pcall('HGET', push, 'after')
local isForeign = type(before) == 'table'
if after == '' and (isForeign or not before) then return 0 end
if isForeign then
  redis.call('DEL', push)
  before = false
end
redis.call('HINCRBY', push, 'epoch', 1)
redis.call('HDEL', push, 'nextAt', 'attempts', 'health')
if after ~= '' then
  if not before or tonumber(after) > tonumber(before) then redis.call('HSET', push, 'from', after) end
  redis.call('HSET', push, 'after', after)
end
return 1
