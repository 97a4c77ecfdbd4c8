--- Takes a verification out of the line of its client. It takes the client from the record.
--- @include "shares.lua"
local function leaveLine(tag, id, client, priority)
  -- What a worker has claimed has left it: most that come here.
  if not redis.call('ZRANK', shareLineKey(tag, shares.classOf(priority), client), id) then return end
  shares.leave(shares.of(tag, priority, client), id)
end
local function leaveLineOf(record, tag, id)
  local now = redis.call('HMGET', record, 'client', 'priority')
  if now[1] then leaveLine(tag, id, now[1], now[2]) end
end
