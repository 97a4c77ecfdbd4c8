--- Notes a call that decides nothing: the claim goes on, unmarked.
---
--- KEYS[1] record         hash
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] call           the call's id
--- ARGV[3] attempt        JSON; empty: no call is to be noted
--- ARGV[4] isListed       '1': the record lists it among its attempts; '0': the ledger alone counts it
--- ARGV[5] day            yyyy-mm-dd
--- ARGV[6] entry          field in the ledger; empty: no complete request reached the upstream
---
--- Reply: 'noted'; 'missing'.
--- Invariant: A call is noted once, however often this is sent, and charged to its client once: the claim goes on, and
--- the turn that it took is for the call that is still to come.

--- @include "fragments/note-call.lua"
--- @include "fragments/shares.lua"

local record = KEYS[1]
local tag, call, attempt, isListed, day, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('EXISTS', record) == 0 then return 'missing' end
local isNew = noteCall(record, tag, call, attempt, isListed, day, entry)
local now = redis.call('HMGET', record, 'client', 'priority', 'shareTag')
if isNew and now[3] then shares.chargeTurn(shares.of(tag, now[2], now[1])) end
return 'noted'
