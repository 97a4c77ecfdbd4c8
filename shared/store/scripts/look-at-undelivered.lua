--- Finds verifications with an outcome whose event no job delivers.
---
--- KEYS[1] verifications  prefix of the keys of the verifications' queue
--- KEYS[2] deliveries     prefix of the keys of the deliveries' queue
--- ARGV[1] recordPrefix
--- ARGV[2] mayClear       '1': what is left of a job without a place is taken away, so that it can be added again
--- ARGV[3..]              ids
---
--- Reply: JSON, one array an id: ['settled'] when there is no outcome or the event is at rest, ['queued'],
--- ['unreadable'], ['without_job', client, id of the job].
--- Invariant: A record whose job has a place is left alone. A delivery that waits for a child which has no place
--- waits for nothing.

--- @include "fragments/place-of-job.lua"
--- @include "fragments/clear-job.lua"
--- @include "fragments/look-at-each.lua"

local verifications, deliveries = KEYS[1], KEYS[2]
local recordPrefix, mayClear = ARGV[1], ARGV[2] == '1'
return lookAtEach({unpack(ARGV, 3)}, function(id)
  local now = redis.call('HMGET', recordPrefix .. id, 'outcome', 'deliveryStatus', 'client', 'redelivery')
  local resting = now[2] == 'delivered' or now[2] == 'dead' or now[2] == 'held'
  if not now[1] or resting then return {'settled'} end
  local redelivered = string.match(now[4] or '', '^(%d+)')
  local job = redelivered and id .. '-r' .. redelivered or id
  local place = placeOf(deliveries, job)
  if place == 'waiting-children' and placeOf(verifications, id) == 'none' then place = 'none' end
  if place ~= 'none' then return {'queued'} end
  if mayClear then clearJob(deliveries, job) end
  return {'without_job', now[3] or '', job}
end)
