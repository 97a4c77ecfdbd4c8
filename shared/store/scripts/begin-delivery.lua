--- Takes the event of a verification in hand and returns what its delivery needs, in one round trip. Gathered.
---
--- KEYS[1] record   hash
--- ARGV[1] run      token of the run that delivers
--- ARGV[2] tag      what the store's keys begin with
--- ARGV[3] id
---
--- Reply: one text, because a reply of many parts costs the worker as much as the rest of the round trip. Where the
--- event was written with the outcome: 'event', client, submittedAt, deliveryAttempts, callbackUrl and the event,
--- one a line (no field before the event has line ends). Otherwise 'record', then the record as JSON: names and
--- values.
--- Invariant: It writes before an event is posted. A full Redis refuses it then: an event that cannot be noted as
--- delivered is not posted, again and again, for as long as that lasts.
---
--- An event that a version before has written has no number: it gets one here. Its body gets it too unless a run has
--- begun before, which may have posted it: one webhook-id always brings the same bytes.

--- @include "fragments/number-event.lua"
--- @include "fragments/with-number.lua"

local record, run, tag, id = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local due = redis.call('HMGET', record,
  'event', 'deliveryStatus', 'deliveryNextAt', 'client', 'submittedAt', 'deliveryAttempts', 'callbackUrl',
  'sequence', 'deliveryRun')
local isOpen = due[2] ~= 'delivered' and due[2] ~= 'dead'
local function begin()
  redis.call('HSET', record, 'deliveryStatus', 'delivering', 'deliveryRun', run)
  if due[3] then redis.call('HDEL', record, 'deliveryNextAt') end
end
local function numberLate()
  local number = numberEvent(tag, due[4] or '', id)
  if not number then return end
  if not due[9] then due[1] = withNumber(due[1], number) end
  redis.call('HSET', record, 'sequence', number, 'event', due[1])
end
if due[1] and isOpen then
  begin()
  if not due[8] then numberLate() end
  return table.concat({'event', due[4] or '', due[5] or '', due[6] or '', due[7] or '', due[1]}, '\n')
end
local fields = redis.call('HGETALL', record)
if #fields == 0 then return 'record\n[]' end
if isOpen and redis.call('HEXISTS', record, 'outcome') == 1 then begin() end
return 'record\n' .. cjson.encode(fields)
