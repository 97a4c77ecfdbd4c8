--- Notes that the process of this claim has nothing else in flight.
---
--- KEYS[1] record         hash
--- ARGV[1] worker
--- ARGV[2] token          of the run
---
--- Reply: 'noted'; 'lost' when another run has the verification.
--- Invariant: `ranAlone` names a claim, so that it says nothing of the next one.

--- @include "fragments/owns-claim.lua"

local record, worker, token = KEYS[1], ARGV[1], ARGV[2]
if not ownsClaim(record, worker, token) then return 'lost' end
redis.call('HSET', record, 'ranAlone', token)
return 'noted'
