--- Puts the events that have waited longest behind the last entry of the audit trail.
---
--- KEYS[1] waiting        list
--- KEYS[2] trail          stream, ids '0-<number>'
--- KEYS[3] head           hash: number, hash, keyId
--- ARGV[1] number         of the last entry, as the caller has read it
--- ARGV[2] hash           of it
--- ARGV[3] lastHash       of the last of the lines
--- ARGV[4] lastKeyId      that signed it, or empty
--- ARGV[5..] lines        JSON, made of as many events from the front of `waiting`
---
--- Reply: 'chained'; 'moved' when another process has put entries there meanwhile, and nothing was changed.
--- Invariant: Each event that waited becomes one entry, in their order, and each entry has the hash of the one before.

local head = redis.call('HMGET', KEYS[3], 'number', 'hash')
if (head[1] or '0') ~= ARGV[1] or (head[2] or '') ~= ARGV[2] then return 'moved' end
local number, count = tonumber(ARGV[1]), #ARGV - 4
if redis.call('LLEN', KEYS[1]) < count then return 'moved' end
for i = 1, count do
  redis.call('XADD', KEYS[2], '0-' .. string.format('%.0f', number + i), 'line', ARGV[4 + i])
end
redis.call('LTRIM', KEYS[1], count, -1)
redis.call('HSET', KEYS[3], 'number', string.format('%.0f', number + count), 'hash', ARGV[3], 'keyId', ARGV[4])
return 'chained'
