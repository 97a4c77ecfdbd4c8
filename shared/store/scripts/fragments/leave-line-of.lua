--- Takes a verification out of the line of its client. It takes the client from the record.
--- @include "leave-line.lua"
local function leaveLineOf(record, tag, id)
  local now = redis.call('HMGET', record, 'client', 'priority')
  if now[1] then leaveLine(tag, id, now[1], now[2]) end
end
