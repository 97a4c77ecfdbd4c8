--- Drops the oldest entries of the audit trail, and leaves a checkpoint in their place.
---
--- KEYS[1] trail          stream, ids '0-<number>'
--- KEYS[2] head           hash
--- ARGV[1] number         of the last entry to drop
--- ARGV[2] hash           of it
--- ARGV[3] checkpoint     what states it, signed; or empty
---
--- Reply: how many entries were dropped; 0 when others have dropped as many, or the entry is not there.
--- Invariant: The first entry that is kept stands behind the entry that the checkpoint names.

local dropped = tonumber(redis.call('HGET', KEYS[2], 'droppedNumber') or '0')
local number = tonumber(ARGV[1])
local id = '0-' .. ARGV[1]
if number <= dropped or #redis.call('XRANGE', KEYS[1], id, id) == 0 then return 0 end
local count = redis.call('XTRIM', KEYS[1], 'MINID', '0-' .. string.format('%.0f', number + 1))
redis.call('HSET', KEYS[2], 'droppedNumber', ARGV[1], 'droppedHash', ARGV[2], 'checkpoint', ARGV[3])
return count
