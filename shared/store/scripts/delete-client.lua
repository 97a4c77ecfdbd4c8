--- Deletes a client with its API keys, if nothing of it has been added meanwhile.
---
--- KEYS[1] client         hash
--- KEYS[2] apiKeys        hash
--- KEYS[3] clientRate     string
--- KEYS[4] redeliveryRate string
--- KEYS[5] redeliveries   set
--- KEYS[6] begunRedeliveries  set
--- KEYS[7] feed           stream
--- KEYS[8] feedNumbers    hash
--- KEYS[9] apiKeyUses     hash
--- KEYS[10] noticeTypes   hash
--- ARGV[1] id
--- ARGV[2] keys           the client's field `apiKeys`, as the caller has read it
--- ARGV[3] scopedKeys     its field `scopedKeys`, empty where it has none
--- ARGV[4..]              hashes of those keys
---
--- Reply: deleted; missing when there is no such client; changed when its keys are others by now, or it is enabled.
--- Invariant: No API key of a client that is gone stands in the index, and an enabled client is never deleted.

local client = KEYS[1]
if redis.call('EXISTS', client) == 0 then return 'missing' end
local field = redis.call('HMGET', client, 'apiKeys', 'scopedKeys', 'disabled')
if field[1] ~= ARGV[2] or (field[2] or '') ~= ARGV[3] or field[3] ~= '1' then return 'changed' end
for i = 4, #ARGV do
  redis.call('HDEL', KEYS[2], ARGV[i])
  redis.call('HDEL', KEYS[9], ARGV[i])
end
redis.call('DEL', client, KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7])
redis.call('HDEL', KEYS[8], ARGV[1])
redis.call('HDEL', KEYS[10], ARGV[1])
return 'deleted'
