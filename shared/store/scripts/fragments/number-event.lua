--- Gives an event the next number of its client, and a place in the client's feed: a stream whose ids are `0-<number>`.
--- `notice` is the body of an event that brings no outcome: it stands in the feed itself, under the event's own id. A
--- version before takes that id for one of a verification that is gone.
--- Returns the number as a text; nil when the keys of the feed cannot be used: that must keep no verification from its
--- outcome.
---
--- Redis 6.2 cannot count up the ids of a stream itself (`0-*`), so that the number is counted beside it. The counter
--- knows the last number also when the entry is gone.
--- @keys feed, feedNumbers
local function lastOfStream(stream)
  local facts = redis.pcall('XINFO', 'STREAM', stream)
  for i = 1, #facts, 2 do
    if facts[i] == 'last-generated-id' then return tonumber(string.match(facts[i + 1], '^0%-(%d+)$')) end
  end
end
local function numberEvent(tag, client, id, notice)
  local numbers, stream = feedNumbersKey(tag), feedKey(tag, client)
  local number = redis.pcall('HINCRBY', numbers, client, 1)
  if type(number) ~= 'number' then return nil end
  local fields = notice and {'notice', id, 'event', notice} or {'id', id}
  local added = redis.pcall('XADD', stream, '0-' .. number, unpack(fields))
  if type(added) == 'table' then
    -- The counter is behind its stream: it was lost.
    local last = lastOfStream(stream)
    if not last then return nil end
    number = last + 1
    redis.call('HSET', numbers, client, number)
    redis.call('XADD', stream, '0-' .. number, unpack(fields))
  end
  return string.format('%.0f', number)
end
