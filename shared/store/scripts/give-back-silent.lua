--- Gives back, at once, what workers held that have fallen silent. Each worker runs it with each of its heartbeats.
---
--- KEYS[1] heartbeats      sorted set: worker and its last heartbeat (ms of Redis' clock)
--- KEYS[2] watch           hash: `last` look of any worker, `since` when looks have followed one another, `judged`: the
---                         heartbeat of the last worker that was found silent
--- KEYS[3] verifications   what BullMQ's keys of the queue begin with
--- KEYS[4] deliveries      the same
--- ARGV[1] cutOff          1 if the worker that looks has been without Redis since its last look
---
--- Reply: three lists: the silent workers that were not known as such, and what they held in the two queues.
--- Invariant: A job is given back once for each time that its worker falls silent, as BullMQ's check for stalled
--- jobs would give it back when the lock runs out (its moveStalledJobsToWait): lock gone, one more stall, first in
--- line.

--- @keys active, events, job, jobLock, marker, meta, stalled, wait
--- @include "fragments/now-ms.lua"
--- @include "fragments/silent-ms.lua"

-- Without a look for so long Redis was away, or stood still. Four heartbeats of a single worker.
local GAP_MS = 2000
local heartbeats, watch, cutOff = KEYS[1], KEYS[2], ARGV[1] == '1'
local now = nowMs()

local known = redis.call('HMGET', watch, 'last', 'since', 'judged')
local last, since, judged = tonumber(known[1]), tonumber(known[2]), tonumber(known[3])
local isUnbroken = last and since and not cutOff and now >= last and now - last <= GAP_MS
if not isUnbroken then since = now end
redis.call('HSET', watch, 'last', now, 'since', since)
if now - since <= SILENT_MS then return {{}, {}, {}} end

-- After a step of the clock backwards all of them are looked at once more, which gives nothing back twice.
local after = judged and judged < now and '(' .. string.format('%.0f', judged) or '-inf'
local before = '(' .. string.format('%.0f', now - SILENT_MS)
local found = redis.call('ZRANGEBYSCORE', heartbeats, after, before, 'WITHSCORES')
if #found == 0 then return {{}, {}, {}} end
local workers, isSilent = {}, {}
for i = 1, #found, 2 do
  workers[#workers + 1] = found[i]
  isSilent[found[i]] = true
end
redis.call('HSET', watch, 'judged', found[#found])

local function isHeldBySilent(queue, job)
  local lock = redis.pcall('GET', jobLockKey(queue, job))
  local worker = type(lock) == 'string' and string.match(lock, '^(.*):%d+$')
  return worker and isSilent[worker]
end

-- A job whose hash is of another type leaves the queue: no worker could claim it, and BullMQ's check for stalled
-- jobs would stop at it for all others. The sweep finds its record without a job, and makes a new one.
local function giveBack(queue, job)
  redis.call('DEL', jobLockKey(queue, job))
  redis.call('LREM', activeKey(queue), 1, job)
  redis.call('SREM', stalledKey(queue), job)
  local kind = redis.call('TYPE', jobKey(queue, job)).ok
  if kind ~= 'hash' and kind ~= 'none' then return false end
  if redis.call('EXISTS', jobKey(queue, job)) == 1 then redis.pcall('HINCRBY', jobKey(queue, job), 'stc', 1) end
  redis.call('RPUSH', waitKey(queue), job)
  redis.call('XADD', eventsKey(queue), '*', 'event', 'waiting', 'jobId', job, 'prev', 'active')
  redis.call('XADD', eventsKey(queue), '*', 'event', 'stalled', 'jobId', job)
  return true
end

local function wakeWorkers(queue)
  local meta = redis.call('HMGET', metaKey(queue), 'paused', 'concurrency')
  local isMaxed = meta[2] and redis.call('LLEN', activeKey(queue)) >= tonumber(meta[2])
  if not meta[1] and not isMaxed then redis.call('ZADD', markerKey(queue), 0, '0') end
end

-- The newest is the first in `active`, and the last that is put in front is the first to go.
local function giveBackAll(queue)
  local given = {}
  for _, job in ipairs(redis.call('LRANGE', activeKey(queue), 0, -1)) do
    if isHeldBySilent(queue, job) and giveBack(queue, job) then given[#given + 1] = job end
  end
  if #given > 0 then wakeWorkers(queue) end
  return given
end

return {workers, giveBackAll(KEYS[3]), giveBackAll(KEYS[4])}
