--- Ends the worker's claim. The in-flight hash has a counter for each worker process.
local function releaseClaim(record, inFlight)
  local worker = redis.call('HGET', record, 'claimedBy')
  if worker then
    if redis.call('HINCRBY', inFlight, worker, -1) <= 0 then redis.call('HDEL', inFlight, worker) end
    redis.call('HDEL', record, 'claimedBy', 'claimToken', 'ranAlone')
  end
end
