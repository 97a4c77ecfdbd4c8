--- Counts the workers that use an account now.
---
--- KEYS[1] workers        sorted set, by the time (ms epoch) until which each counts as present
---
--- Reply: how many are present.
--- Invariant: It writes nothing.

local time = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), '+inf')
