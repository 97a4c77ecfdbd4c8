--- Replaces the wrapped data key of a subject.
---
--- KEYS[1] subject        hash
--- ARGV[1] before         wrapped key, bytes
--- ARGV[2] after          wrapped key, bytes
---
--- Reply: 1; 0 when it is another key, or gone.
--- Invariant: A subject that was shredded in the meantime has no key, so nothing is written: it never comes back.

if redis.call('HGET', KEYS[1], 'key') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'key', ARGV[2])
return 1
