--- Ends a claim without an outcome, and notes its call.
---
--- KEYS[1] record         hash
--- KEYS[2] inFlight       hash
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] call           the call's id
--- ARGV[3] attempt        JSON; empty: no call is to be noted
--- ARGV[4] isListed       '1': the record lists it among its attempts; '0': the ledger alone counts it
--- ARGV[5] day            yyyy-mm-dd
--- ARGV[6] entry          field in the ledger; empty: no complete request reached the upstream
--- ARGV[7] id
--- ARGV[8] worker
--- ARGV[9] token          of the run
--- ARGV[10] status        'queued', 'retrying' or 'deferred'
--- ARGV[11] counted       '1': the attempt counts against the allowed number
--- ARGV[12] nextAttemptAt ms epoch, or empty
--- ARGV[13] fateUnknown   '1': for a worker of an earlier version, which does not look at the attempts' codes
--- ARGV[14] deferredBefore  'none', 'minute' or 'day'
--- ARGV[15] client        its id
--- ARGV[16] noticeId      of the event about it
--- ARGV[17] notice        the event's body; empty: none
---
--- Reply: 'postponed', also when it was before; 'not_ours' when another run has the verification; 'missing'.
--- Invariant: The call is noted whichever run has the verification. A record that is gone had its outcome, and
--- every call under way was counted with it.

--- @include "fragments/owns-claim.lua"
--- @include "fragments/note-call.lua"
--- @include "fragments/release-claim.lua"
--- @include "fragments/move-status.lua"
--- @include "fragments/end-turn.lua"
--- @include "fragments/write-notice.lua"

local record, inFlight = KEYS[1], KEYS[2]
local tag, call, attempt, isListed, day, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local id, worker, token, status = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local counted, nextAttemptAt, fateUnknown, deferredBefore = ARGV[11], ARGV[12], ARGV[13], ARGV[14]
local client, noticeId, notice = ARGV[15], ARGV[16], ARGV[17]
if redis.call('EXISTS', record) == 0 then return 'missing' end
noteCall(record, tag, call, attempt, isListed, day, entry)
if not ownsClaim(record, worker, token) then
  return redis.call('HGET', record, 'claimEnded') == token and 'postponed' or 'not_ours'
end
releaseClaim(record, inFlight)
endTurn(record, tag, id, attempt ~= '')
moveStatus(record, tag, id, status)
if counted == '1' then redis.call('HINCRBY', record, 'attemptsCounted', 1) end
if fateUnknown == '1' then redis.call('HSET', record, 'fateUnknown', '1') end
redis.call('HSET', record, 'deferredBefore', deferredBefore, 'claimEnded', token)
if nextAttemptAt == '' then
  redis.call('HDEL', record, 'nextAttemptAt')
else
  redis.call('HSET', record, 'nextAttemptAt', nextAttemptAt)
  -- No promise covers the wait for a person.
  if status ~= 'retrying' then redis.call('HSET', record, 'promiseWaived', '1') end
end
if notice ~= '' then writeNotice(tag, client, noticeId, notice, record) end
return 'postponed'
