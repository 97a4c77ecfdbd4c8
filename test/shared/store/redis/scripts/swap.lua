--- Puts a value into the place of another.
---
--- KEYS[1] value          string
--- ARGV[1] next
---
--- Reply: the value before, as bytes.
--- Invariant: none.

return redis.call('SET', KEYS[1], ARGV[1], 'GET')
