--- Takes a mark back whose request surely never left.
---
--- KEYS[1] record         hash
--- ARGV[1] call           the call's id
--- ARGV[2] tag            what the store's keys begin with
---
--- Reply: 'taken_back'.
--- Invariant: A run that took over meanwhile may have taken the call for lost: then what it noted is taken off
--- again.

--- @include "fragments/clear-mark.lua"
--- @include "fragments/known-call.lua"
--- @include "fragments/uncount-call.lua"

local record, call, tag = KEYS[1], ARGV[1], ARGV[2]
clearMark(record, call)
local known = knownCall(record, call)
if known and known.isGuess then
  redis.call('HDEL', record, 'call:' .. call, 'attempt:' .. known.nth)
  uncountCall(tag, known.day, known.entry)
  redis.call('HINCRBY', record, 'revision', 1)
end
return 'taken_back'
