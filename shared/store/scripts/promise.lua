--- Promises a verification that was just accepted a time, in the transaction of its acceptance.
---
--- KEYS[1] record         hash
--- KEYS[2] line           sorted set: what waits of its client and priority
--- KEYS[3] prioritized    sorted set of BullMQ's: the verifications that wait
--- KEYS[4] wait           list of BullMQ's: what was put back at the head of everything
--- KEYS[5] active         list of BullMQ's: what workers have in hand
--- KEYS[6] delayed        sorted set of BullMQ's: what waits for another attempt
--- ARGV[1] id
--- ARGV[2] client         its id
--- ARGV[3] tag            what the store's keys begin with
--- ARGV[4] class          of its priority: see fragments/shares.lua
--- ARGV[5] now            ms epoch
--- ARGV[6] baseMs         of `PromiseTerms`
--- ARGV[7] perTurnMs      of `PromiseTerms`
--- ARGV[8] unit           by how much the client's tags grow from one turn to the next
--- ARGV[9] perCallMs      of `PromiseTerms`; empty: others may still come before the client's very next turn
--- ARGV[10] nextMs        what a promise by calls begins with
--- ARGV[11] since         JSON: what the promise is put off from
---
--- Reply: the time, ms epoch, also when it was promised before; 0 when there is no such record.
--- Invariant: The client's turns are counted in the step that takes one, so that submissions at the same time are
--- promised one after another.

--- @keys shares, shareNext
--- @include "fragments/count-unfinished.lua"

local record, line, prioritized, wait, active, delayed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, client, tag, class, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local baseMs, perTurnMs, unit = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local perCallMs, nextMs = tonumber(ARGV[9]), tonumber(ARGV[10])
local known = redis.call('HMGET', record, 'id', 'completesBy')
if not known[1] then return 0 end
if known[2] then return tonumber(known[2]) end

-- Turns of the client from what is served now up to this one. Where its line has been lost, all that it has unfinished.
local function countTurns(rank)
  local start = tonumber(redis.call('ZSCORE', shareNextKey(tag, class), client))
  local served = tonumber(redis.call('HGET', sharesKey(tag), 'v:' .. class))
  if not rank or not start or not served then return countUnfinished(tag, client), false end
  return rank + 1 + math.max(0, start - served) / unit, rank == 0 and start <= served
end

-- What may come before the very next turn: all with a smaller tag, and twice what is in workers' hands, because what is
-- called now may fail and come back. Whatever is submitted later has no smaller tag.
local function countCallsBefore()
  return redis.call('ZCOUNT', prioritized, '-inf', '(' .. redis.call('ZSCORE', prioritized, id))
    + redis.call('LLEN', wait) + 2 * redis.call('LLEN', active) + redis.call('ZCARD', delayed)
end

local rank = redis.call('ZRANK', line, id)
local turns, isNext = countTurns(rank)
local ms = baseMs + turns * perTurnMs
if isNext and perCallMs then ms = math.min(ms, nextMs + (countCallsBefore() + 1) * perCallMs) end
local by = string.format('%.0f', math.ceil(now + ms))
redis.call('HSET', record, 'completesBy', by, 'promiseSince', ARGV[11])
return tonumber(by)
