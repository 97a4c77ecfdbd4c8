--- Takes the event of a verification in hand and returns what its delivery needs, in one round trip. Gathered.
---
--- KEYS[1] record   hash
--- ARGV[1] run      token of the run that delivers
---
--- Reply: one text, because a reply of many parts costs the worker as much as the rest of the round trip. Where the
--- event was written with the outcome: 'event', client, submittedAt, deliveryAttempts, callbackUrl and the event,
--- one a line (no field before the event has line ends). Otherwise 'record', then the record as JSON: names and
--- values.
--- Invariant: It writes before an event is posted. A full Redis refuses it then: an event that cannot be noted as
--- delivered is not posted, again and again, for as long as that lasts.

local record, run = KEYS[1], ARGV[1]
local due = redis.call('HMGET', record,
  'event', 'deliveryStatus', 'deliveryNextAt', 'client', 'submittedAt', 'deliveryAttempts', 'callbackUrl')
local isOpen = due[2] ~= 'delivered' and due[2] ~= 'dead'
local function begin()
  redis.call('HSET', record, 'deliveryStatus', 'delivering', 'deliveryRun', run)
  if due[3] then redis.call('HDEL', record, 'deliveryNextAt') end
end
if due[1] and isOpen then
  begin()
  return table.concat({'event', due[4] or '', due[5] or '', due[6] or '', due[7] or '', due[1]}, '\n')
end
local fields = redis.call('HGETALL', record)
if #fields == 0 then return 'record\n[]' end
if isOpen and redis.call('HEXISTS', record, 'outcome') == 1 then begin() end
return 'record\n' .. cjson.encode(fields)
