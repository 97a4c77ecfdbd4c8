--- Writes down a use of a session of the console.
---
--- KEYS[1] sessions       hash
--- ARGV[1] id             what the session's token is kept as
--- ARGV[2] session        '<begun> <last used>', ms epoch, and perhaps the hash of its operator's key
---
--- Reply: 1; 0 when there is none.
--- Invariant: A session that is revoked in this moment does not come back, as it would by HSET alone.
---
--- It goes before it comes: a Redis whose memory is full refuses a command that could take more, unless its script has
--- written before, and an operator must get in then.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
