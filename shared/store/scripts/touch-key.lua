--- Writes down that a key, a client's or an operator's, was used.
---
--- KEYS[1] known          hash: the keys that there are, by what they rest as
--- KEYS[2] uses           hash: when each key was last used
--- ARGV[1] keyHash        what the key rests as
--- ARGV[2] now            ms epoch
---
--- Reply: 1; 0 when the key is unknown.
--- Invariant: A key that is revoked in this moment leaves nothing behind, as it would by HSET alone.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
