--- Keeps the event's body in the record, unless it holds one, and gives the event its number in the feed.
---
--- KEYS[1] record         hash
--- ARGV[1] event          body
--- ARGV[2] tag            what the store's keys begin with
--- ARGV[3] id
---
--- Reply: the body to send; nil when there is no record.
--- Invariant: The first body stays: every delivery from then on sends the same bytes. It has no number, because a
--- version before that kept no bodies may have sent it.

--- @include "fragments/number-event.lua"

local record, event, tag, id = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local now = redis.call('HMGET', record, 'client', 'sequence')
if not now[1] then return false end
redis.call('HSETNX', record, 'event', event)
if not now[2] then
  local number = numberEvent(tag, now[1], id)
  if number then redis.call('HSET', record, 'sequence', number) end
end
return redis.call('HGET', record, 'event')
