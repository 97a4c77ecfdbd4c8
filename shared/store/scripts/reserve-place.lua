--- Reserves a place among a client's verifications without an outcome, below its cap and within its hard budget.
---
--- KEYS[1] clientHash     hash
--- KEYS[2] reserved       sorted set by the time (ms epoch) until which a place is reserved
--- KEYS[3] ledger         hash, of the client and this month
--- ARGV[1] id
--- ARGV[2] client         its id
--- ARGV[3] tag            what the store's keys begin with
--- ARGV[4] defaultCap     of a client without one of its own; 0 sets none
--- ARGV[5] keptMs         how long a place is reserved
--- ARGV[6] dayOfMonth     two digits
---
--- Reply: {'free'} where nothing limits it; {'reserved'}; {'full', unfinished, cap}; {'exhausted', 'month' or 'day'},
--- the longer one of two.
--- Invariant: What is reserved and what is accepted stay below the cap together, however many submissions come at
--- once: an acceptance takes its reservation away in the script that writes it to the index. A place whose producer
--- died is free again after its time. In the same way, what a client has spent and what may still be billed, a call
--- for each verification without an outcome, stay within a hard budget when one more is accepted.

--- @include "fragments/now-ms.lua"
--- @include "fragments/client-cap.lua"
--- @include "fragments/count-unfinished.lua"
--- @include "fragments/read-budget.lua"

local clientHash, reserved, ledger = KEYS[1], KEYS[2], KEYS[3]
local id, client, tag, defaultCap, keptMs = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local dayOfMonth = ARGV[6]
local cap = clientCap(clientHash, 'maxWaiting') or defaultCap
local budget = readBudget(clientHash, ledger, dayOfMonth)
local hard = budget and budget.isHard and budget
if cap == 0 and not hard then return {'free'} end
local now = nowMs()
redis.call('ZREMRANGEBYSCORE', reserved, '-inf', now)
redis.call('ZREM', reserved, id)
local unfinished = countUnfinished(tag, client) + redis.call('ZCARD', reserved)
if cap > 0 and unfinished >= cap then return {'full', unfinished, cap} end
for _, period in ipairs({'month', 'day'}) do
  local of = hard and hard[period]
  if of and of.limit > 0 and of.spent + unfinished >= of.limit then return {'exhausted', period} end
end
redis.call('ZADD', reserved, now + keptMs, id)
redis.call('PEXPIRE', reserved, keptMs)
return {'reserved'}
