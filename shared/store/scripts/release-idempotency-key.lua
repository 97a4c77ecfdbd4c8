--- Gives an Idempotency-Key back after a submission that certainly came to nothing.
---
--- KEYS[1] claim          hash
--- ARGV[1] id             of the verification
---
--- Reply: 1; 0 when it is another submission's.
--- Invariant: Only the claim of this very verification goes.

if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
