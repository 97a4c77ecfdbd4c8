--- Takes a verification out of the line of its client. It takes the client from the record.
--- @include "shares.lua"
local function leaveLineOf(record, tag, id)
  local now = redis.call('HMGET', record, 'client', 'priority')
  if now[1] then shares.leave(shares.of(tag, now[2], now[1]), id) end
end
