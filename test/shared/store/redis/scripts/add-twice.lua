--- Adds to two counters.
---
--- KEYS[1] counter        string
--- KEYS[2] total          string
--- ARGV[1] by
---
--- Reply: the counter's sum.
--- Invariant: none.

redis.call('INCRBY', KEYS[2], ARGV[1])
return redis.call('INCRBY', KEYS[1], ARGV[1])
