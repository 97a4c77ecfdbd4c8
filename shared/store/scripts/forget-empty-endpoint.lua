--- Takes an endpoint off those with events that wait, if none waits.
---
--- KEYS[1] waiting        sorted set
--- KEYS[2] endpoints      set
--- ARGV[1] endpoint
---
--- Reply: how many wait.
--- Invariant: An event that begins to wait is added with its endpoint in one transaction, so an empty endpoint is
--- not mistaken for one that is filling.

if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
return redis.call('ZCARD', KEYS[1])
