--- Takes a verification out of its client's line without a claim: it is going to stand aside.
---
--- KEYS[1] record         hash
--- ARGV[1] id
--- ARGV[2] tag            what the store's keys begin with
---
--- Reply: 1.
--- Invariant: Its client's next verification takes its turn.

--- @include "fragments/leave-line-of.lua"

leaveLineOf(KEYS[1], ARGV[2], ARGV[1])
return 1
