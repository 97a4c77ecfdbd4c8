--- Reads the mark that stands in a record: see read-mark.lua.
--- @include "read-mark.lua"
local function standingMark(record)
  return readMark(unpack(redis.call('HMGET', record, 'sentAt', 'sentCall')))
end
