--- Writes what became of a delivery attempt: state, log, dead letters and retention, in one step. Gathered.
---
--- KEYS[1] record         hash
--- KEYS[2] log            list
--- KEYS[3] deadLetters    sorted set
--- KEYS[4] retention      sorted set
--- KEYS[5] health         string, of the endpoint
--- KEYS[6] unhealthy      set
--- ARGV[1] id
--- ARGV[2] status         of the delivery
--- ARGV[3] nextAt         ms epoch, or empty
--- ARGV[4] entry          for the log, JSON; empty: nothing was sent
--- ARGV[5] now            ms epoch
--- ARGV[6] keepUntil      ms epoch; empty while something may still have to be done about it
--- ARGV[7] recovered      endpoint that has just taken the event, or empty
--- ARGV[8] run            token of the run, 12 characters
--- ARGV[9] tag            what the store's keys begin with
--- ARGV[10] endpoint      where the event was sent; empty: nothing was sent
--- ARGV[11] result        'accepted' or 'failed'
--- ARGV[12] latest        what the attempt came to, JSON without the receiver's words
--- ARGV[13] client        its id
--- ARGV[14] noticeId      of the event about a dead letter
--- ARGV[15] notice        the event's body; empty: it is none
---
--- Reply: 'recorded'; 'not_ours' when another run has begun since, or the event was delivered meanwhile; 'missing'.
--- Invariant: A run is written down once: its token stays among the last four, for as long as a lost reply may have
--- it sent again. A run that lost its lock may end behind the run that followed it. What it posted is logged and
--- counted; of the state it changes nothing, except that an event which was taken is delivered, whichever run
--- brought it. A delivered event stays so.
---
--- A finished delivery starts the record's retention, and so does one that no endpoint receives, because its client
--- polls. Any other is kept until a decision about it. The event stays: one webhook-id must always bring the same
--- bytes, and an event made again from the record would list attempts that were noted after it.
---
--- That an endpoint has recovered is written here, not by the process that read its health before: what was read
--- may be old, and a success that is forgotten lets two failures that lie days apart look like days of failures.
---
--- Each command costs Redis a microsecond, and each write as much again for the AOF: what stands is read by one,
--- and only what changes is written.

--- @include "fragments/append-entry.lua"
--- @include "fragments/count-delivery.lua"
--- @include "fragments/write-notice.lua"

local RUNS_KEPT = 4 * 13
local record, log, deadLetters, retention, health, unhealthy = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, status, nextAt, entry, now, keepUntil = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local recovered, run = ARGV[7], ARGV[8]
local before = redis.call('HMGET', record,
  'id', 'deliveryStatus', 'deliveryAttempts', 'deliveryNextAt', 'deliveryRun', 'deliveryRunsEnded')
if not before[1] then return 'missing' end
local ended = before[6] or ''
if string.find(ended, run, 1, true) then return 'recorded' end
ended = string.sub(ended .. run .. ' ', -RUNS_KEPT)
if recovered ~= '' then
  local known = redis.call('GET', health)
  if known and not string.find(known, '"status":"held"', 1, true) then
    redis.call('DEL', health)
    redis.call('SREM', unhealthy, recovered)
  end
end
local was, holder = before[2] or 'pending', before[5]
local applies = was ~= 'delivered' or status == 'delivered'
if holder and holder ~= run then
  applies = status == 'delivered' and (was == 'delivering' or was == 'retrying' or was == 'dead')
end
local attempts = tonumber(before[3]) or 0
if entry ~= '' and holder ~= '' then attempts = attempts + 1 end
if entry ~= '' then appendEntry(log, entry) end
if ARGV[10] ~= '' then countDelivery(ARGV[9], ARGV[10], ARGV[11], ARGV[12]) end
if not applies then
  redis.call('HSET', record, 'deliveryAttempts', attempts, 'deliveryRunsEnded', ended)
  return 'not_ours'
end
redis.call('HSET', record, 'deliveryStatus', status, 'deliveryAttempts', attempts, 'deliveryRunsEnded', ended)
if nextAt ~= '' then redis.call('HSET', record, 'deliveryNextAt', nextAt)
elseif before[4] then redis.call('HDEL', record, 'deliveryNextAt') end
if status == 'dead' then
  redis.call('ZADD', deadLetters, now, id)
  if ARGV[15] ~= '' and was ~= 'dead' then writeNotice(ARGV[9], ARGV[13], ARGV[14], ARGV[15], record) end
elseif was == 'dead' then redis.call('ZREM', deadLetters, id) end
if keepUntil == '' then redis.call('ZREM', retention, id) else redis.call('ZADD', retention, keepUntil, id) end
return 'recorded'
