--- Takes a call off the ledgers again that was counted for another.
--- @include "copy-call.lua"
local function uncountCall(ledger, entry)
  if entry == '' or redis.call('HEXISTS', ledger, entry) == 0 then return end
  copyCall(ledger, entry, redis.call('HINCRBY', ledger, entry, -1))
end
