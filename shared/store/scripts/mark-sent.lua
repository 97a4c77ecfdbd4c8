--- Marks that a request is about to leave.
---
--- KEYS[1] record         hash
--- ARGV[1] worker
--- ARGV[2] token          of the run
--- ARGV[3] call           the call's id
--- ARGV[4] field          'sentAt': an argument, so that the command is known by its bytes, in MONITOR and to a proxy
---                        that injects faults
--- ARGV[5] at             RFC 3339
---
--- Reply: 'marked'; 'lost' when another run has the verification.
--- Invariant: The mark is written before the first byte that the upstream may bill.

--- @include "fragments/owns-claim.lua"

local record, worker, token, call, field, at = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if not ownsClaim(record, worker, token) then return 'lost' end
redis.call('HSET', record, field, at, 'sentCall', call .. ' ' .. at)
return 'marked'
