--- Moves a verification from one status to another, in the record and in its client's index.
---
--- Index keys are built here from the namespace's hash tag and the client's id: they carry the same tag as the
--- declared keys, so they are in the same slot of a cluster (the way BullMQ's own scripts reach the keys of jobs).
--- @keys clientStatusIndex
local function moveStatus(record, tag, id, to)
  local now = redis.call('HMGET', record, 'status', 'client', 'submittedAt')
  if now[1] == to then return end
  redis.call('ZREM', clientStatusIndexKey(tag, now[2], now[1]), id)
  redis.call('ZADD', clientStatusIndexKey(tag, now[2], to), tonumber(now[3]) or 0, id)
  redis.call('HSET', record, 'status', to)
end
