--- Marks that a request is about to leave.
---
--- KEYS[1] record         hash
--- ARGV[1] worker
--- ARGV[2] token          of the run
--- ARGV[3] call           the call's id
--- ARGV[4] field          'sentAt': an argument, so that the command is known by its bytes, in MONITOR and to a proxy
---                        that injects faults
--- ARGV[5] at             RFC 3339
--- ARGV[6] tag            what the store's keys begin with
--- ARGV[7] bulkShare      of the calls while both wait, 0 to 1
--- ARGV[8] isProbe        '1': the account is closed to all but this call
--- ARGV[9] id
---
--- Reply: 'marked'; 'lost' when another run has the verification.
--- Invariant: The mark is written before the first byte that the upstream may bill. The slot that the request leaves
--- in is what moves the order of those that wait, once for each call.

--- @include "fragments/read-mark.lua"
--- @include "fragments/grant-turn.lua"

local record, worker, token, call, field, at = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = redis.call('HMGET', record, 'claimedBy', 'claimToken', 'sentAt', 'sentCall', 'priority', 'turn', 'shareTag',
  'client')
if now[1] ~= worker or now[2] ~= token then return 'lost' end
redis.call('HSET', record, field, at, 'sentCall', call .. ' ' .. at)
if readMark(now[3], now[4]) ~= call then
  local called = {id = ARGV[9], priority = now[5], turn = now[6], shareTag = now[7], client = now[8] or ''}
  grantTurn(ARGV[6], called, tonumber(ARGV[7]), ARGV[8] == '1')
end
return 'marked'
