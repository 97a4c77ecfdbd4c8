--- Reads the mark that a request is leaving: `sentAt`, and in `sentCall` whose it is. A version before this one
--- writes `sentAt` alone, so a `sentCall` that names another time is an old one's.
---
--- Returns the call's id, which is empty where none was named, and its time; nil when nothing is marked.
local function standingMark(record)
  local now = redis.call('HMGET', record, 'sentAt', 'sentCall')
  if not now[1] then return nil end
  local id, at = string.match(now[2] or '', '^(%S+) (%S+)$')
  if at == now[1] then return id, at end
  return '', now[1]
end
