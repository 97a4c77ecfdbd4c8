--- Takes an event off those that wait for an endpoint, and the endpoint off the list when it was the last.
local function leaveWaiting(prefix, endpoint, id)
  local waiting = prefix .. ':held-deliveries:' .. endpoint
  if redis.call('ZREM', waiting, id) == 1 and redis.call('EXISTS', waiting) == 0 then
    redis.call('SREM', prefix .. ':held-endpoints', endpoint)
  end
end
