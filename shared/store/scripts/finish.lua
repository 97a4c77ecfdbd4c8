--- Writes the outcome, shreds the subject and ends the claim; or notes a call beside an outcome.
---
--- KEYS[1] record         hash
--- KEYS[2] subject        hash
--- KEYS[3] inFlight       hash
--- KEYS[4] photosStored   hash
--- KEYS[5] unfinishedIndex  sorted set
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] call           the call's id
--- ARGV[3] attempt        JSON; empty: no call is to be noted
--- ARGV[4] isListed       '1': the record lists it among its attempts; '0': the ledger alone counts it
--- ARGV[5] day            yyyy-mm-dd
--- ARGV[6] entry          field in the ledger; empty: no complete request reached the upstream
--- ARGV[7] id
--- ARGV[8] seen           revision of the record that outcome and event were made of; empty: any
--- ARGV[9] status         'completed' or 'failed'
--- ARGV[10] outcome       JSON
--- ARGV[11] event         its body without its number; empty: the first delivery makes it
--- ARGV[12] client        its id
--- ARGV[13] crashCode     what a lost call is noted as
--- ARGV[14] today         yyyy-mm-dd
--- ARGV[15] mode          'finish'; 'correct': an outcome that stands is set right; 'note': the call is noted alone
--- ARGV[16..]             fields of the record that make its revision
---
--- Reply: {'finished'}, also when it was before; {'already_finished'} when another outcome stands; {'cancelled'};
--- {'not_ours'} for 'note'; {'missing'}; {'stale', name, value …} with the record when it has changed since it was
--- seen.
--- Invariant: The first outcome wins. An outcome and its event list every attempt, and whether another of them may
--- have been billed. Both are made outside, of the record as it was read; so they are written only while the record
--- is still that one, and otherwise the record goes back, to make them again. An event gets its number here, so that
--- there is a number exactly where there is an event.
---
--- A worker that was stopped for longer than its lock may come back with an answer while another asks again: the
--- call under way is taken for lost, until its answer comes. A record that is gone had its outcome, and every call
--- under way was counted with it.

--- @keys undeliveredIndex
--- @include "fragments/read-mark.lua"
--- @include "fragments/note-call.lua"
--- @include "fragments/note-lost-call.lua"
--- @include "fragments/count-out.lua"
--- @include "fragments/move-in-index.lua"
--- @include "fragments/shred.lua"
--- @include "fragments/shares.lua"
--- @include "fragments/leave-line.lua"
--- @include "fragments/number-event.lua"
--- @include "fragments/with-number.lua"

local record, subject, inFlight, photosStored, unfinishedIndex = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local tag, call, attempt, isListed, day, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local id, seen, status, outcome, event = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local client, crashCode, today, mode = ARGV[12], ARGV[13], ARGV[14], ARGV[15]
-- All that is asked of the record, at once: each command costs Redis a microsecond.
local now = redis.call('HMGET', record, 'status', 'outcome', 'priority', 'sequence', 'sentAt', 'sentCall',
  'call:' .. call, 'unlistedCalls', 'claimedBy', 'shareTag', 'client', 'submittedAt', unpack(ARGV, 16))
local claimedBy, shareTag, owner, submittedAt = now[9], now[10], now[11], now[12]
local REVISION_AT = 13
local mark = readMark(now[5], now[6])
local function revision()
  local parts = {}
  for i = REVISION_AT, #now do parts[#parts + 1] = now[i] or '' end
  parts[#parts + 1] = mark == '' and '?' or mark ~= call and mark or ''
  return table.concat(parts, '|')
end
if not now[1] then return {'missing'} end
if mode == 'finish' and now[2] == outcome then return {'finished'} end
if seen ~= '' and seen ~= revision() then return {'stale', unpack(redis.call('HGETALL', record))} end
if mode ~= 'finish' or now[2] or now[1] == 'cancelled' then
  noteCall(record, tag, call, attempt, isListed, day, entry)
  if mode == 'correct' then redis.call('HSET', record, 'outcome', outcome, 'event', withNumber(event, now[4])) end
  return {now[2] and 'already_finished' or now[1] == 'cancelled' and 'cancelled' or 'not_ours'}
end
local known = {unpack(now, 5, 8)}
if mark and (mark == '' or mark ~= call) then
  noteLostCall(record, tag, client, crashCode, today, call)
  known = nil
end
noteCall(record, tag, call, attempt, isListed, day, entry, known)
countOut(inFlight, claimedBy)
-- Its mark has ended it before, unless a failover has forgotten that.
if shareTag then shares.endTurn(tag, now[3], owner, id, attempt ~= '') end
leaveLine(tag, id, client, now[3])
moveInIndex(tag, id, owner, submittedAt, now[1], status)
local fields = {'status', status, 'outcome', outcome, 'deliveryStatus', 'pending'}
if event ~= '' then
  local number = numberEvent(tag, client, id)
  fields[7], fields[8] = 'event', withNumber(event, number)
  if number then fields[9], fields[10] = 'sequence', number end
end
redis.call('HSET', record, unpack(fields))
redis.call('HDEL', record, 'nextAttemptAt', 'claims', 'claimEnded', 'claimedBy', 'claimToken', 'ranAlone',
  'turn', 'shareTag')
redis.call('ZADD', undeliveredIndexKey(tag), redis.call('TIME')[1], id)
shred(subject, photosStored, unfinishedIndex, tag, id)
return {'finished'}
