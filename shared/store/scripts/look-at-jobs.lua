--- Finds verifications that no job works on although they wait for one.
---
--- KEYS[1] verifications  prefix of the keys of the verifications' queue
--- KEYS[2] deliveries     prefix of the keys of the deliveries' queue
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] stage          'verification': those without an outcome; 'delivery': those whose event is on its way
--- ARGV[3] mayClear       '1': what is left of a job without a place is taken away, so that it can be added again
--- ARGV[4..]              ids
---
--- Reply: JSON, one array an id: ['missing'], ['at_rest'] when the stage is over or not reached, ['queued'],
--- ['unreadable'], ['without_job', client, priority, job], or ['without_jobs', …] when the delivery that waits for
--- the verification must be added with it.
--- Invariant: A record whose job has a place is left alone. What cannot be read takes no other with it.

--- @keys record, waitingChildren
--- @include "fragments/place-of-job.lua"
--- @include "fragments/clear-job.lua"
--- @include "fragments/is-final.lua"

local verifications, deliveries = KEYS[1], KEYS[2]
local tag, stage, mayClear = ARGV[1], ARGV[2], ARGV[3] == '1'

local function lookAtVerification(id, record)
  if isFinal(record.status) then return {'at_rest'} end
  if placeOf(verifications, id) then return {'queued'} end
  local delivery = placeOf(deliveries, id)
  if mayClear then
    clearJob(verifications, id)
    if not delivery then clearJob(deliveries, id) end
  end
  local waits = not delivery or delivery == waitingChildrenKey(deliveries)
  return {waits and 'without_jobs' or 'without_job', record.client, record.priority, id}
end

-- A delivery that waits for a child which has no place waits for nothing.
local function lookAtDelivery(id, record)
  local isResting = record.delivery == 'delivered' or record.delivery == 'dead' or record.delivery == 'held'
  if not record.outcome or isResting then return {'at_rest'} end
  local redelivered = string.match(record.redelivery or '', '^(%d+)')
  local job = redelivered and id .. '-r' .. redelivered or id
  local place = placeOf(deliveries, job)
  local waits = place == waitingChildrenKey(deliveries)
  if place and (not waits or placeOf(verifications, id)) then return {'queued'} end
  if mayClear then clearJob(deliveries, job) end
  return {'without_job', record.client, record.priority, job}
end

local function look(id)
  local now = redis.call('HMGET', recordKey(tag, id),
    'status', 'client', 'priority', 'outcome', 'deliveryStatus', 'redelivery')
  if not now[1] then return {'missing'} end
  local record = { status = now[1], client = now[2] or '', priority = now[3] or '',
    outcome = now[4], delivery = now[5], redelivery = now[6] }
  if stage == 'delivery' then return lookAtDelivery(id, record) end
  return lookAtVerification(id, record)
end

local found = {}
for i = 4, #ARGV do
  local ok, result = pcall(look, ARGV[i])
  found[i - 3] = ok and result or {'unreadable'}
end
return cjson.encode(found)
