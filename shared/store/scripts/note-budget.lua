--- Notes how far a client has spent its budget: 80 or 100 per cent, of the day and of the month.
---
--- KEYS[1] clientHash     hash
--- KEYS[2] ledger         hash, of the client and this month
--- KEYS[3] levels         hash
--- KEYS[4] budgeted       set
--- ARGV[1] client         its id
--- ARGV[2] day            yyyy-mm-dd
--- ARGV[3] month          yyyy-mm
--- ARGV[4] tag            what the store's keys begin with
--- ARGV[5] noticeIds      of the events about the day and the month, separated by a space
--- ARGV[6] timestamp      of them, RFC 3339
---
--- Reply: for each level that was reached since the last look: 'day' or 'month', the level, spent and limit; one
--- after the other.
--- Invariant: A level is reported once in its period, whichever worker looks, and its event is written with it.
--- `<client>|<day or month>` of the levels is `<period> <level>`; there is none below 80 per cent.

--- @include "fragments/read-budget.lua"
--- @include "fragments/write-notice.lua"

local clientHash, ledger, levels, budgeted = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local client, date = ARGV[1], {day = ARGV[2], month = ARGV[3]}
local budget = readBudget(clientHash, ledger, string.sub(date.day, -2))
if not budget then
  redis.call('SREM', budgeted, client)
  redis.call('HDEL', levels, client .. '|day', client .. '|month')
  return {}
end
local noticeIds = {}
noticeIds.day, noticeIds.month = string.match(ARGV[5], '^(%S+) (%S+)$')
-- As the contract has it: the numbers are known here alone.
local NOTICE = '{"type":"usage.threshold","timestamp":"%s","data":{"period":"%s","date":"%s",'
  .. '"percent":%.0f,"spent":%.0f,"limit":%.0f}}'
local reached = {}
for _, period in ipairs({'day', 'month'}) do
  local field, of = client .. '|' .. period, budget[period]
  local level = 0
  if of.limit > 0 and of.spent >= of.limit then
    level = 100
  elseif of.limit > 0 and of.spent * 100 >= of.limit * 80 then
    level = 80
  end
  local knownDate, known = string.match(redis.call('HGET', levels, field) or '', '^(%S+) (%d+)$')
  if knownDate ~= date[period] then known = 0 end
  if level == 0 then
    redis.call('HDEL', levels, field)
  elseif level > tonumber(known) then
    redis.call('HSET', levels, field, date[period] .. ' ' .. level)
    for _, value in ipairs({period, level, of.spent, of.limit}) do reached[#reached + 1] = value end
    local notice = string.format(NOTICE, ARGV[6], period, date[period], level, of.spent, of.limit)
    writeNotice(ARGV[4], client, noticeIds[period], notice)
  end
end
return reached
