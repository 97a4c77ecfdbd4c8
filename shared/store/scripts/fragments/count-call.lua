--- Counts a call in the ledger of its day and in that of its client. Calls are kept for reconciling the bill: 400
--- days.
--- @keys ledger
--- @include "add-to-ledger.lua"
--- @include "copy-call.lua"
--- @include "count-call-history.lua"
local LEDGER_KEPT_SECONDS = 400 * 86400
local function countCall(tag, day, entry)
  if entry == '' then return end
  local ledger = ledgerKey(tag, day)
  local total = addToLedger(ledger, entry, 1)
  if not total then return end
  if total == 1 then redis.call('EXPIRE', ledger, LEDGER_KEPT_SECONDS) end
  copyCall(tag, day, entry, total)
  countCallHistory(tag, entry, 1)
end
