--- Cancels what no worker has claimed, and shreds its subject.
---
--- KEYS[1] record         hash
--- KEYS[2] subject        hash
--- KEYS[3] photosStored   hash
--- KEYS[4] unfinishedIndex  sorted set
--- KEYS[5] retention      sorted set
--- KEYS[6] auditWaiting   list
--- ARGV[1] id
--- ARGV[2] tag            what the store's keys begin with
--- ARGV[3] client         its id
--- ARGV[4] keepUntil      ms epoch
--- ARGV[5] keepUnaskedUntil  ms epoch; for one that the upstream was never asked about
--- ARGV[6] event          JSON, for the audit trail
---
--- Reply: 'cancelled', also when it was before; 'too_late' when it is claimed or final; 'missing' when it is not
--- this client's.
--- Invariant: Status and subject change together: a worker that finds the job a moment later sends nothing.

--- @include "fragments/move-status.lua"
--- @include "fragments/shred.lua"
--- @include "fragments/leave-line-of.lua"
--- @include "fragments/note-audit.lua"

local record, subject, photosStored, unfinishedIndex, retention = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, tag, client, keepUntil, keepUnaskedUntil = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = redis.call('HMGET', record, 'status', 'client', 'attempts')
if not now[1] or now[2] ~= client then return 'missing' end
if now[1] == 'cancelled' then return 'cancelled' end
if now[1] ~= 'queued' and now[1] ~= 'retrying' and now[1] ~= 'deferred' then return 'too_late' end
leaveLineOf(record, tag, id)
moveStatus(record, tag, id, 'cancelled')
redis.call('HDEL', record, 'nextAttemptAt')
redis.call('HSET', record, 'shreddedAt', nowMs())
shred(subject, photosStored, unfinishedIndex, tag, id)
redis.call('ZADD', retention, (tonumber(now[3]) or 0) > 0 and keepUntil or keepUnaskedUntil, id)
noteAudit(KEYS[6], ARGV[6])
return 'cancelled'
