--- Notes in the delivery log why nothing was sent.
---
--- KEYS[1] record         hash
--- KEYS[2] log            list
--- ARGV[1] entry          JSON
---
--- Reply: 1; 0 when there is no record.
--- Invariant: An entry that is the last one already was written before its reply was lost: no two have the same
--- time.

--- @include "fragments/append-entry.lua"

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('LINDEX', KEYS[2], -1) == ARGV[1] then return 1 end
appendEntry(KEYS[2], ARGV[1])
return 1
