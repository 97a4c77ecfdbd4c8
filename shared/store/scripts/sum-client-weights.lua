--- Adds the weights of all clients up, once each has been brought up to date.
---
--- KEYS[1] weights        hash: see note-client-weight.lua
---
--- Reply: 1.
--- Invariant: Whatever the sum was before, it is that of the entries afterwards.

local weights = KEYS[1]
local sum, count = 0, 0
local entries = redis.call('HGETALL', weights)
for i = 1, #entries, 2 do
  if string.sub(entries[i], 1, 1) ~= '#' then
    sum, count = sum + (tonumber(entries[i + 1]) or 0), count + 1
  end
end
redis.call('HSET', weights, '#sum', sum, '#count', count, '#complete', 1)
return 1
