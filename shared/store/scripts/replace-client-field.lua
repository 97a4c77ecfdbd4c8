--- Replaces one field of a client that is a list in JSON, and keeps the index of API keys in step.
---
--- KEYS[1] client         hash
--- KEYS[2] apiKeys        hash
--- KEYS[3] apiKeyUses     hash
--- ARGV[1] id             of the client
--- ARGV[2] field
--- ARGV[3] expected       its present text; empty where the client has no such field
--- ARGV[4] value          its new text
--- ARGV[5] added          hash of an API key that enters the index, or empty
--- ARGV[6] removed        hash of one that leaves it, or empty
--- ARGV[7] beside         another field that the change was computed from, or empty
--- ARGV[8] besideExpected its present text; empty where the client has no such field
---
--- Reply: 1; 0 when one of the fields has changed since it was read, or the client is gone.
--- Invariant: Of two operators at once, each builds on what the other wrote.
---
--- A Redis whose memory is full refuses a command that could take more, unless its script has written before: it must
--- not be cut off half-way. So a key leaves the index first. Otherwise a stolen key could not be revoked then.

local client, apiKeys, apiKeyUses = KEYS[1], KEYS[2], KEYS[3]
local id, field, expected, value, added, removed = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local beside, besideExpected = ARGV[7], ARGV[8]
if redis.call('EXISTS', client) == 0 or (redis.call('HGET', client, field) or '') ~= expected then return 0 end
if beside ~= '' and (redis.call('HGET', client, beside) or '') ~= besideExpected then return 0 end
if removed ~= '' then
  redis.call('HDEL', apiKeys, removed)
  redis.call('HDEL', apiKeyUses, removed)
end
redis.call('HSET', client, field, value)
if added ~= '' then redis.call('HSET', apiKeys, added, id) end
return 1
