--- Reads where a call is noted, or returns nil.
--- @include "parse-call.lua"
local function knownCall(record, id)
  return parseCall(id ~= '' and redis.call('HGET', record, 'call:' .. id))
end
