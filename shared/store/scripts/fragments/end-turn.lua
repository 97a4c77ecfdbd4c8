--- Ends the turn that a claim has taken. It goes back to its client when no call was made in it.
--- @include "shares.lua"
local function endTurn(record, tag, id, wasCalled)
  local now = redis.call('HMGET', record, 'client', 'priority', 'shareTag')
  if not now[3] then return end
  redis.call('HDEL', record, 'turn', 'shareTag')
  shares.endTurn(tag, now[2], now[1], id, wasCalled)
end
