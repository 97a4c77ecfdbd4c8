--- Moves a verification from one status to another, in the record and in its client's index.
--- @include "move-in-index.lua"
local function moveStatus(record, tag, id, to)
  local now = redis.call('HMGET', record, 'status', 'client', 'submittedAt')
  if now[1] == to then return end
  moveInIndex(tag, id, now[2], now[3], now[1], to)
  redis.call('HSET', record, 'status', to)
end
