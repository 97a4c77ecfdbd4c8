--- Keeps the event's body in the record, unless it holds one.
---
--- KEYS[1] record         hash
--- ARGV[1] event          body
---
--- Reply: the body to send; nil when there is no record.
--- Invariant: The first body stays: every delivery from then on sends the same bytes.

local record, event = KEYS[1], ARGV[1]
if redis.call('EXISTS', record) == 0 then return false end
redis.call('HSETNX', record, 'event', event)
return redis.call('HGET', record, 'event')
