--- Reads the mark that a request is leaving: `sentAt`, and in `sentCall` whose it is. A version before this one
--- writes `sentAt` alone, so a `sentCall` that names another time is an old one's.
---
--- Returns the call's id, which is empty where none was named, and its time; nil when nothing is marked.
local function readMark(sentAt, sentCall)
  if not sentAt then return nil end
  local id, at = string.match(sentCall or '', '^(%S+) (%S+)$')
  if at == sentAt then return id, at end
  return '', sentAt
end
