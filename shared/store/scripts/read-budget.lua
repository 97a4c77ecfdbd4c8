--- Reads a client's budget and what is spent of it.
---
--- KEYS[1] clientHash     hash
--- KEYS[2] ledger         hash, of the client and this month
--- ARGV[1] client         its id
--- ARGV[2] tag            what the store's keys begin with
--- ARGV[3] dayOfMonth     two digits
---
--- Reply: {} without a budget; else {'hard' or 'warn', unfinished, limit and spent of the day, of the month}, where a
--- limit of 0 is none.
--- Invariant: What is spent and what has no outcome yet are counted at the same moment.

--- @include "fragments/count-unfinished.lua"
--- @include "fragments/read-budget.lua"

local budget = readBudget(KEYS[1], KEYS[2], ARGV[3])
if not budget then return {} end
local day, month = budget.day, budget.month
return {
  budget.isHard and 'hard' or 'warn', countUnfinished(ARGV[2], ARGV[1]),
  day.limit, day.spent, month.limit, month.spent
}
