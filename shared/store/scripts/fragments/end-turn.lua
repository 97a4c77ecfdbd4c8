--- Ends the turn that a claim has taken. It goes back to its client when no call was made in it.
--- @keys shareUnasked
--- @include "shares.lua"
local function endTurn(record, tag, id, wasCalled)
  local now = redis.call('HMGET', record, 'client', 'priority', 'shareTag')
  if not now[3] then return end
  redis.call('HDEL', record, 'turn', 'shareTag')
  if wasCalled then
    redis.call('ZREM', shareUnaskedKey(tag, shares.classOf(now[2])), id)
  else
    shares.giveTurnBack(shares.of(tag, now[2], now[1]), id)
  end
end
