--- Makes an event that this program cannot deliver a dead letter.
---
--- KEYS[1] record         hash
--- KEYS[2] deadLetters    sorted set
--- KEYS[3] retention      sorted set
--- ARGV[1] id
--- ARGV[2] now            ms epoch
--- ARGV[3] tag            what the store's keys begin with
--- ARGV[4] client         as the record had it just before
--- ARGV[5] noticeId       of the event about the dead letter
--- ARGV[6] notice         the event's body; empty: none can be made
---
--- Reply: 'dead'; 'at_rest' when it is cancelled, delivered or dead; 'missing'.
--- Invariant: Fields are looked at one by one, because the record may be what cannot be read. The empty run is of
--- no process, so that a run which ends after this changes nothing. What is written again writes no event again: the
--- delivery is dead then.

--- @include "fragments/write-notice.lua"

local record, deadLetters, retention = KEYS[1], KEYS[2], KEYS[3]
local id, now = ARGV[1], ARGV[2]
local before = redis.call('HMGET', record, 'status', 'deliveryStatus', 'client')
if not before[1] then return 'missing' end
if before[1] == 'cancelled' or before[2] == 'delivered' or before[2] == 'dead' then return 'at_rest' end
redis.call('HSET', record, 'deliveryStatus', 'dead', 'deliveryRun', '')
redis.call('HDEL', record, 'deliveryNextAt')
redis.call('ZADD', deadLetters, now, id)
redis.call('ZREM', retention, id)
if ARGV[6] ~= '' and before[3] == ARGV[4] then writeNotice(ARGV[3], ARGV[4], ARGV[5], ARGV[6], record) end
return 'dead'
