--- Adds to a counter.
---
--- KEYS[1] counter        string
--- ARGV[1] by
---
--- Reply: the sum.
--- Invariant: none.

return redis.call('INCRBY', KEYS[1], ARGV[1])
