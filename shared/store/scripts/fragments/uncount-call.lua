--- Takes a call off the ledgers again that was counted for another.
--- @keys ledger
--- @include "add-to-ledger.lua"
--- @include "copy-call.lua"
local function uncountCall(tag, day, entry)
  local ledger = ledgerKey(tag, day)
  if entry == '' or redis.pcall('HEXISTS', ledger, entry) ~= 1 then return end
  local total = addToLedger(ledger, entry, -1)
  if total then copyCall(tag, day, entry, total) end
end
