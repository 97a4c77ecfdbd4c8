--- Ends the worker's claim.
--- @include "count-out.lua"
local function releaseClaim(record, inFlight)
  local worker = redis.call('HGET', record, 'claimedBy')
  if not worker then return end
  countOut(inFlight, worker)
  redis.call('HDEL', record, 'claimedBy', 'claimToken', 'ranAlone')
end
