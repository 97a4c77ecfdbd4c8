--- Deletes all that is kept of a final verification.
---
--- KEYS[1] record         hash
--- KEYS[2] log            list
--- KEYS[3] retention      sorted set
--- KEYS[4] deadLetters    sorted set
--- ARGV[1] id
--- ARGV[2] tag            what the store's keys begin with
--- ARGV[3] client         whose it must be; empty: any client's
--- ARGV[4] noticeId       of the event that says so
--- ARGV[5] notice         the event's body
---
--- Reply: 'forgotten'; 'not_final'; 'missing'.
--- Invariant: What is not final is never forgotten.

--- @include "fragments/forget.lua"
--- @include "fragments/is-final.lua"
--- @include "fragments/write-notice.lua"

local record, log, retention, deadLetters = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, tag, client = ARGV[1], ARGV[2], ARGV[3]
local now = redis.call('HMGET', record, 'status', 'client')
if not now[1] then
  redis.call('ZREM', retention, id)
  return 'missing'
end
if client ~= '' and now[2] ~= client then return 'missing' end
if not isFinal(now[1]) then return 'not_final' end
forget(record, log, retention, deadLetters, tag, id)
writeNotice(tag, now[2], ARGV[4], ARGV[5])
return 'forgotten'
