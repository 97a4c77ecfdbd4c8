--- Undoes an acceptance that its client does not know of: record, subject and index entries go.
---
--- KEYS[1] record         hash
--- KEYS[2] subject        hash
--- KEYS[3] photosStored   hash
--- KEYS[4] unfinishedIndex  sorted set
--- KEYS[5] arriving       hash: the photo, where the acceptance came to nothing half-way
--- ARGV[1] id
--- ARGV[2] tag            what the store's keys begin with
--- ARGV[3] client         its id
---
--- Reply: 'withdrawn'; 'too_late' when it is not queued any more or another client's; 'missing'.
--- Invariant: A deletion comes first in every branch that writes: a Redis whose memory is full refuses a script
--- that begins with anything else, and this one runs exactly then.

--- @keys clientIndex, clientStatusIndex
--- @include "fragments/shred.lua"
--- @include "fragments/leave-lists.lua"
--- @include "fragments/leave-line-of.lua"

local record, subject, photosStored, unfinishedIndex, arriving = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, tag, client = ARGV[1], ARGV[2], ARGV[3]
redis.call('DEL', arriving)
local now = redis.call('HMGET', record, 'status', 'client')
if not now[1] then return 'missing' end
if now[1] ~= 'queued' or now[2] ~= client then return 'too_late' end
leaveLineOf(record, tag, id)
shred(subject, photosStored, unfinishedIndex, tag, id)
leaveLists(record, tag, id)
redis.call('DEL', record)
redis.call('ZREM', clientIndexKey(tag, client), id)
redis.call('ZREM', clientStatusIndexKey(tag, client, 'queued'), id)
return 'withdrawn'
