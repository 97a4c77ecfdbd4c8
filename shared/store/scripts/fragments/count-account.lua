--- Adds to the count of an account in its ledger of the day. Of an entry without an account nothing is counted.
---
--- An entry is `<client>|<code>|<billed>`, or `<client>|<code>|<billed>|<account>` where a file names the accounts.
--- @keys accountLedger
--- @include "add-to-ledger.lua"
local ACCOUNT_LEDGER_KEPT_SECONDS = 400 * 86400
local function withoutAccount(entry)
  return string.match(entry, '^([^|]*|[^|]*|[^|]*)') or entry
end
local function countAccount(tag, day, entry, by)
  local rest, account = string.match(entry, '^[^|]*|([^|]*|[^|]*)|(.+)$')
  if not account then return end
  local ledger = accountLedgerKey(tag, day)
  local total = addToLedger(ledger, account .. '|' .. rest, by)
  if total == 1 then redis.call('EXPIRE', ledger, ACCOUNT_LEDGER_KEPT_SECONDS) end
end
