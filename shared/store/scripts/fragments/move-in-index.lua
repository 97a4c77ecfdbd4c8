--- Moves a verification from one status to another in its client's index.
---
--- Index keys are built here from the namespace's hash tag and the client's id: they carry the same tag as the
--- declared keys, so they are in the same slot of a cluster (the way BullMQ's own scripts reach the keys of jobs).
--- @keys clientStatusIndex
local function moveInIndex(tag, id, client, submittedAt, from, to)
  redis.call('ZREM', clientStatusIndexKey(tag, client, from), id)
  redis.call('ZADD', clientStatusIndexKey(tag, client, to), tonumber(submittedAt) or 0, id)
end
