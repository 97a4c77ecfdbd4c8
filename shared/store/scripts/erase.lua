--- Deletes a verification and every trace of it, whatever its state.
---
--- KEYS[1] record         hash
--- KEYS[2] subject        hash
--- KEYS[3] log            list
--- KEYS[4] photosStored   hash
--- KEYS[5] unfinishedIndex  sorted set
--- KEYS[6] retention      sorted set
--- KEYS[7] deadLetters    sorted set
--- KEYS[8] deferringEndpoints  set
--- KEYS[9] openRedeliveries  set, of the client
--- KEYS[10] auditWaiting  list
--- KEYS[11] erasure       hash that expires: what a receipt states
--- ARGV[1] id
--- ARGV[2] tag            what the store's keys begin with
--- ARGV[3] client         its id
--- ARGV[4] deliveries     what BullMQ's keys of the deliveries' queue begin with
--- ARGV[5] event          JSON, for the audit trail
--- ARGV[6] keptMs         how long the receipt can be had
--- ARGV[7] by             'client' or 'operator'
--- ARGV[8] noticeId       of the event that says so
--- ARGV[9] notice         the event's body
---
--- Reply: {'erased', job …} with the delivery's jobs; {'busy'} in the middle of a call or a delivery; {'missing'}.
--- Invariant: It takes nothing from under a worker. BullMQ locks a job for as long as a worker is at it, and the
--- lock of a worker that died expires within seconds. The event of a redelivery has a job of its own. What is left is
--- that it was erased, by whom and when: nothing of it stands in the audit trail or in a receipt but its id and times.

--- @keys jobLock, deferredDeliveries, erasures
--- @include "fragments/shred.lua"
--- @include "fragments/forget.lua"
--- @include "fragments/leave-line-of.lua"
--- @include "fragments/note-audit.lua"
--- @include "fragments/write-notice.lua"

local record, subject, log, photosStored, unfinishedIndex, retention, deadLetters, deferringEndpoints =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local openRedeliveries = KEYS[9]
local id, tag, client, deliveries = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local now = redis.call('HMGET', record, 'status', 'client', 'redelivery', 'submittedAt', 'outcome', 'shreddedAt')
if not now[1] or now[2] ~= client then return {'missing'} end
if now[1] == 'verifying' then return {'busy'} end
local jobs = {id}
local redelivered = string.match(now[3] or '', '^(%d+)')
if redelivered then jobs[2] = id .. '-r' .. redelivered end
for _, job in ipairs(jobs) do
  if redis.call('EXISTS', jobLockKey(deliveries, job)) == 1 then return {'busy'} end
end
for _, endpoint in ipairs(redis.call('SMEMBERS', deferringEndpoints)) do
  if string.sub(endpoint, 1, #client + 1) == client .. ' ' then
    redis.call('ZREM', deferredDeliveriesKey(tag, endpoint), id)
  end
end
leaveLineOf(record, tag, id)
local photoAt = redis.call('HGET', subject, 'photoAt')
local erasure = {
  'erasedAt', nowMs(), 'by', ARGV[7], 'status', now[1], 'submittedAt', now[4] or '', 'outcome', now[5] or '',
  'shreddedAt', now[6] or '', 'had', redis.call('EXISTS', subject), 'photoAt', photoAt or '',
}
redis.call('HSET', KEYS[11], unpack(erasure))
redis.call('PEXPIRE', KEYS[11], ARGV[6])
local erased = erasuresKey(tag, client)
redis.call('ZADD', erased, nowMs(), id)
redis.call('ZREMRANGEBYSCORE', erased, '-inf', nowMs() - tonumber(ARGV[6]))
redis.call('PEXPIRE', erased, ARGV[6])
noteAudit(KEYS[10], ARGV[5])
shred(subject, photosStored, unfinishedIndex, tag, id)
redis.call('SREM', openRedeliveries, id)
forget(record, log, retention, deadLetters, tag, id)
writeNotice(tag, client, ARGV[8], ARGV[9])
return {'erased', unpack(jobs)}
