--- Takes a call off the ledgers again that was counted for another.
--- @keys ledger
--- @include "add-to-ledger.lua"
--- @include "copy-call.lua"
--- @include "count-account.lua"
--- @include "count-call-history.lua"
local function uncountCall(tag, day, entryOfAccount)
  local ledger, entry = ledgerKey(tag, day), withoutAccount(entryOfAccount)
  if entry == '' or redis.pcall('HEXISTS', ledger, entry) ~= 1 then return end
  countAccount(tag, day, entryOfAccount, -1)
  local total = addToLedger(ledger, entry, -1)
  if not total then return end
  copyCall(tag, day, entry, total)
  countCallHistory(tag, entry, -1)
end
