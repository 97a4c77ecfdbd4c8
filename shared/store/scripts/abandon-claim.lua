--- Ends a claim whose work ended in an error of ours. A request that had left is noted as an indeterminate call.
---
--- KEYS[1] record         hash
--- KEYS[2] inFlight       hash
--- ARGV[1] id
--- ARGV[2] worker
--- ARGV[3] token          of the run
--- ARGV[4] tag            what the store's keys begin with
--- ARGV[5] client         its id
--- ARGV[6] crashCode      what a lost call is noted as
--- ARGV[7] day            yyyy-mm-dd
---
--- Reply: 1; 0 when another run has the verification.
--- Invariant: A lost call is noted here and not by the next claim, because a client may cancel before there is one.

--- @include "fragments/owns-claim.lua"
--- @include "fragments/release-claim.lua"
--- @include "fragments/note-lost-call.lua"
--- @include "fragments/move-status.lua"
--- @include "fragments/end-turn.lua"

local record, inFlight = KEYS[1], KEYS[2]
local id, worker, token, tag = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local client, crashCode, day = ARGV[5], ARGV[6], ARGV[7]
if not ownsClaim(record, worker, token) then return 0 end
releaseClaim(record, inFlight)
endTurn(record, tag, id, true)
noteLostCall(record, tag, client, crashCode, day, '')
moveStatus(record, tag, id, 'queued')
return 1
