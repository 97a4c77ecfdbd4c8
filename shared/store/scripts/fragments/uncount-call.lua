--- Takes a call off the ledgers again that was counted for another.
--- @keys ledger
--- @include "add-to-ledger.lua"
--- @include "copy-call.lua"
--- @include "count-call-history.lua"
local function uncountCall(tag, day, entry)
  local ledger = ledgerKey(tag, day)
  if entry == '' or redis.pcall('HEXISTS', ledger, entry) ~= 1 then return end
  local total = addToLedger(ledger, entry, -1)
  if not total then return end
  copyCall(tag, day, entry, total)
  countCallHistory(tag, entry, -1)
end
