--- Takes an event off those that wait for an endpoint, and the endpoint off the list when it was the last.
--- @keys deferredDeliveries, deferringEndpoints
local function leaveWaiting(tag, endpoint, id)
  local waiting = deferredDeliveriesKey(tag, endpoint)
  if redis.call('ZREM', waiting, id) == 1 and redis.call('EXISTS', waiting) == 0 then
    redis.call('SREM', deferringEndpointsKey(tag), endpoint)
  end
end
