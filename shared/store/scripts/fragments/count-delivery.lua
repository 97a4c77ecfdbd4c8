--- Counts an attempt to deliver: of the lane for its charts, and of the endpoint for a week, hour by hour, with what
--- the latest attempt came to.
---
--- An endpoint's hash has a field for each hour and result, 336 at most, and expires a week after its last attempt.
--- @keys endpointHistory
--- @include "count-history.lua"
local ENDPOINT_HOURS = 7 * 24
local function countDelivery(tag, endpoint, result, latest)
  local hour = countHistory(tag, 'delivery|' .. result, 1)
  local own = endpointHistoryKey(tag, endpoint)
  local total = addToLedger(own, hour .. '|' .. result, 1)
  if not total then return end
  redis.call('HSET', own, 'latest', latest)
  if total > 1 then return end
  redis.call('EXPIRE', own, (ENDPOINT_HOURS + 1) * 3600)
  for _, field in ipairs(redis.call('HKEYS', own)) do
    local of = tonumber(string.match(field, '^(%d+)|') or '')
    if of and of <= hour - ENDPOINT_HOURS then redis.call('HDEL', own, field) end
  end
end
