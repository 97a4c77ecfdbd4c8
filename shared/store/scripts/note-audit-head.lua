--- Notes up to where the head of the audit trail is known outside.
---
--- KEYS[1] head           hash
--- ARGV[1] number         of the entry that is the head now
---
--- Reply: 1 when no process has noted it yet; 0.
--- Invariant: Each head is reported outside by one process.

if tonumber(redis.call('HGET', KEYS[1], 'reported') or '0') >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'reported', ARGV[1])
return 1
