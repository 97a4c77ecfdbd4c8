--- Replaces one field of a client that is a list in JSON, and keeps the index of API keys in step.
---
--- KEYS[1] client         hash
--- KEYS[2] apiKeys        hash
--- ARGV[1] id             of the client
--- ARGV[2] field
--- ARGV[3] expected       its present text
--- ARGV[4] value          its new text
--- ARGV[5] added          hash of an API key that enters the index, or empty
--- ARGV[6] removed        hash of one that leaves it, or empty
---
--- Reply: 1; 0 when the field has changed since it was read.
--- Invariant: Of two operators at once, each builds on what the other wrote.

local client, apiKeys = KEYS[1], KEYS[2]
local id, field, expected, value, added, removed = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('HGET', client, field) ~= expected then return 0 end
redis.call('HSET', client, field, value)
if added ~= '' then redis.call('HSET', apiKeys, added, id) end
if removed ~= '' then redis.call('HDEL', apiKeys, removed) end
return 1
