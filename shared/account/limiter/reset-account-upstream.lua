--- Forgets the upstream, unless workers are present.
---
--- KEYS[1] upstream       hash
--- KEYS[2] workers        sorted set, by the time (ms epoch) until which each counts as present
---
--- Reply: the number of workers that are present; 0: the upstream is forgotten.
--- Invariant: An upstream that a worker uses is not forgotten.

local upstream, workers = KEYS[1], KEYS[2]
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', workers, '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
local present = redis.call('ZCARD', workers)
if present == 0 then redis.call('DEL', upstream) end
return present
