--- Appends to a delivery log. It keeps the last 100 entries; the schedule has ten, redeliveries may add more. The
--- last 10 of them keep the receiver's answer: with 4 kB each, and 130 bytes for each of the others, a log stays
--- below 64 kB.
---
--- What comes before an entry's answer is this program's own, and the answer comes last (`describeAttempt`).
local ENTRIES_KEPT, ANSWERS_KEPT = 100, 10
local function appendEntry(log, entry)
  local length = redis.call('RPUSH', log, entry)
  if length > ENTRIES_KEPT then redis.call('LTRIM', log, -ENTRIES_KEPT, -1) end
  if length <= ANSWERS_KEPT then return end
  local older = redis.call('LINDEX', log, -(ANSWERS_KEPT + 1))
  local answerAt = string.find(older, '"answer":"', 1, true)
  if answerAt then
    redis.call('LSET', log, -(ANSWERS_KEPT + 1), string.sub(older, 1, answerAt - 1) .. '"answer":""}')
  end
end
