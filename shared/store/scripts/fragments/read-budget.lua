--- What a client may spend and has spent, or nil for one without a budget.
---
--- Spent are calls that are billed, and those whose bill is not known. A ledger that is lost or of another type counts
--- nothing: that must keep no client from submitting.
--- @include "client-cap.lua"
local function countSpent(ledger, dayOfMonth)
  local day, month = 0, 0
  local entries = redis.pcall('HGETALL', ledger)
  if entries.err then return day, month end
  for i = 1, #entries, 2 do
    local on, billed = string.match(entries[i], '^(%d+)|.*|(%a+)$')
    local count = tonumber(entries[i + 1])
    if count and count > 0 and (billed == 'billed' or billed == 'unknown') then
      month = month + count
      if on == dayOfMonth then day = day + count end
    end
  end
  return day, month
end
local function readBudget(clientHash, ledger, dayOfMonth)
  local perDay = clientCap(clientHash, 'budgetDay') or 0
  local perMonth = clientCap(clientHash, 'budgetMonth') or 0
  if perDay == 0 and perMonth == 0 then return nil end
  local day, month = countSpent(ledger, dayOfMonth)
  return {
    isHard = redis.call('HGET', clientHash, 'budgetMode') ~= 'warn',
    day = {limit = perDay, spent = day},
    month = {limit = perMonth, spent = month}
  }
end
