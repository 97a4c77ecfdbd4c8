--- Takes a call off the ledgers again that was counted for another.
--- @include "add-to-ledger.lua"
--- @include "copy-call.lua"
local function uncountCall(ledger, entry)
  if entry == '' or redis.pcall('HEXISTS', ledger, entry) ~= 1 then return end
  local total = addToLedger(ledger, entry, -1)
  if total then copyCall(ledger, entry, total) end
end
