--- Claims a verification for one run: status `verifying`, in flight with this worker.
---
--- KEYS[1] record         hash
--- KEYS[2] inFlight       hash
--- KEYS[3] heartbeats     sorted set
--- ARGV[1] id
--- ARGV[2] worker
--- ARGV[3] token          of the run, 12 characters
--- ARGV[4] tag            what the store's keys begin with
--- ARGV[5] client         its id
--- ARGV[6] crashCode      what a lost call is noted as
--- ARGV[7] day            yyyy-mm-dd
---
--- Reply: the record, names and values in turn; {} when there is none; {'lost'} when another run has taken over
--- from this one.
--- Invariant: A claim whose reply was lost is sent again. It finds itself among the last four claims, as the one
--- that stands or as one that another run has taken over from, and then it does not take the verification back.
---
--- A claim that was never released means that its worker died, or lost its lock, with this verification in flight;
--- its heartbeat says which. If its request had left, the upstream may have answered, and billed, a call whose
--- answer is lost.

--- @include "fragments/is-final.lua"
--- @include "fragments/release-claim.lua"
--- @include "fragments/note-lost-call.lua"
--- @include "fragments/move-in-index.lua"
--- @include "fragments/forget-deaths-of-the-living.lua"
--- @include "fragments/note-death.lua"
--- @include "fragments/claim-turn.lua"
--- @include "fragments/leave-line.lua"

local CLAIMS_KEPT = 4 * 13
local record, inFlight, heartbeats = KEYS[1], KEYS[2], KEYS[3]
local id, worker, token, tag, client = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local crashCode, day = ARGV[6], ARGV[7]
local before = redis.call('HMGET', record, 'status', 'claimedBy', 'claimToken', 'claims', 'deaths', 'sentAt',
  'nextAttemptAt', 'priority', 'shareTag', 'ahead', 'turn', 'client', 'submittedAt')
local status = before[1]
if not status then return {} end
if isFinal(status) then
  -- A version before gives a place in line also to what has its outcome by then.
  leaveLine(tag, id, client, before[8])
  return redis.call('HGETALL', record)
end
if before[5] then forgetDeathsOfTheLiving(record, heartbeats, before[5]) end
local claims = before[4] or ''
if string.find(claims, token, 1, true) then
  if before[2] == worker and before[3] == token then return redis.call('HGETALL', record) end
  return {'lost'}
end
if before[2] then
  if before[2] ~= worker then noteDeath(record, heartbeats) end
  releaseClaim(record, inFlight)
end
local fields = takeClaimTurn(record, tag, client, id, {priority = before[8], shareTag = before[9],
  ahead = before[10], turn = before[11], isMarked = before[6], isTakenOver = before[2]})
if before[6] then noteLostCall(record, tag, client, crashCode, day, '') end
if status ~= 'verifying' then moveInIndex(tag, id, before[12], before[13], status, 'verifying') end
redis.call('HSET', record, 'status', 'verifying', 'claimedBy', worker, 'claimToken', token,
  'claims', string.sub(claims .. token .. ' ', -CLAIMS_KEPT), unpack(fields))
if before[7] then redis.call('HDEL', record, 'nextAttemptAt') end
redis.call('HINCRBY', inFlight, worker, 1)
return redis.call('HGETALL', record)
