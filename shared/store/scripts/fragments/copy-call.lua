--- Copies a day's count into the ledger of its client, so that a client's usage is read without that of others.
---
--- The day's ledger is the truth: what is copied is its total, so copying twice changes nothing, and a count that
--- an earlier version made is caught up with. A client's ledger is one hash a month, kept as long as its last day:
--- 400 days and a month.
--- @keys clientLedger
local CLIENT_LEDGER_KEPT_SECONDS = (400 + 31) * 86400
local function copyCall(tag, date, entry, total)
  local month, day = string.match(date, '^(%d+%-%d+)%-(%d+)$')
  local client, rest = string.match(entry, '^([^|]*)|(.*)$')
  if not month or not client then return end
  local own = clientLedgerKey(tag, client, month)
  -- Of another type it must not keep other clients' counts from being copied.
  local added = redis.pcall('HSET', own, day .. '|' .. rest, total)
  if added == 1 then redis.call('EXPIRE', own, CLIENT_LEDGER_KEPT_SECONDS) end
  if type(added) == 'table' and not string.find(added.err, 'WRONGTYPE', 1, true) then
    error(added.err, 0)
  end
end
