--- Counts a call in the ledger of its day, in that of its client and in that of its account. Calls are kept for
--- reconciling the bill: 400 days.
--- @keys ledger
--- @include "add-to-ledger.lua"
--- @include "copy-call.lua"
--- @include "count-account.lua"
--- @include "count-call-history.lua"
local LEDGER_KEPT_SECONDS = 400 * 86400
local function countCall(tag, day, entryOfAccount)
  if entryOfAccount == '' then return end
  countAccount(tag, day, entryOfAccount, 1)
  local ledger, entry = ledgerKey(tag, day), withoutAccount(entryOfAccount)
  local total = addToLedger(ledger, entry, 1)
  if not total then return end
  if total == 1 then redis.call('EXPIRE', ledger, LEDGER_KEPT_SECONDS) end
  copyCall(tag, day, entry, total)
  countCallHistory(tag, entry, 1)
end
