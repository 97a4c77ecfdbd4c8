--- Takes a verification without a claim out of the line of its client. It takes the client from the record. A turn
--- that was taken for it goes back.
--- @include "leave-line.lua"
local function leaveLineOf(record, tag, id)
  local now = redis.call('HMGET', record, 'client', 'priority', 'shareTag', 'claimedBy')
  if not now[1] then return end
  leaveLine(tag, id, now[1], now[2])
  if not now[3] or now[4] then return end
  redis.call('HDEL', record, 'turn', 'shareTag')
  shares.endTurn(tag, now[2], now[1], id, false)
end
