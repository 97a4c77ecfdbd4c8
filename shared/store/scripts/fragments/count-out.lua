--- Takes a claim off the in-flight hash, which has a counter for each worker process.
local function countOut(inFlight, worker)
  if worker and redis.call('HINCRBY', inFlight, worker, -1) <= 0 then redis.call('HDEL', inFlight, worker) end
end
