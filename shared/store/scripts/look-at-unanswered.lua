--- Finds verifications without an outcome that no job works on.
---
--- KEYS[1] verifications  prefix of the keys of the verifications' queue
--- KEYS[2] deliveries     prefix of the keys of the deliveries' queue
--- ARGV[1] recordPrefix
--- ARGV[2] mayClear       '1': what is left of a job without a place is taken away, so that it can be added again
--- ARGV[3..]              ids
---
--- Reply: JSON, one array an id: ['missing'], ['settled'] with an outcome or cancelled, ['queued'], ['unreadable'],
--- ['without_jobs' or 'without_job', client, priority].
--- Invariant: A record whose job has a place is left alone.

--- @include "fragments/place-of-job.lua"
--- @include "fragments/clear-job.lua"
--- @include "fragments/look-at-each.lua"

local verifications, deliveries = KEYS[1], KEYS[2]
local recordPrefix, mayClear = ARGV[1], ARGV[2] == '1'
return lookAtEach({unpack(ARGV, 3)}, function(id)
  local now = redis.call('HMGET', recordPrefix .. id, 'status', 'client', 'priority')
  if not now[1] then return {'missing'} end
  if now[1] == 'completed' or now[1] == 'failed' or now[1] == 'cancelled' then return {'settled'} end
  if placeOf(verifications, id) ~= 'none' then return {'queued'} end
  local delivery = placeOf(deliveries, id)
  if mayClear then
    clearJob(verifications, id)
    if delivery == 'none' then clearJob(deliveries, id) end
  end
  local waits = delivery == 'none' or delivery == 'waiting-children'
  return {waits and 'without_jobs' or 'without_job', now[2] or '', now[3] or ''}
end)
