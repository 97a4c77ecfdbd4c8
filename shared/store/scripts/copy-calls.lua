--- Copies counts of a day's ledger into those of its clients.
---
--- KEYS[1] ledger         hash, of a day
--- ARGV[1..]              fields of it
---
--- Reply: none.
--- Invariant: A field's total is read here and not where its page was read: it may have grown meanwhile.

--- @include "fragments/copy-call.lua"

for _, entry in ipairs(ARGV) do
  local total = redis.call('HGET', KEYS[1], entry)
  if total then copyCall(KEYS[1], entry, total) end
end
