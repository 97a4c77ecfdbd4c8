--- Copies counts of a day's ledger into those of its clients.
---
--- KEYS[1] ledger         hash, of a day
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] day            yyyy-mm-dd
--- ARGV[3..]              fields of the ledger
---
--- Reply: none.
--- Invariant: A field's total is read here and not where its page was read: it may have grown meanwhile.

--- @include "fragments/copy-call.lua"

local ledger, tag, day = KEYS[1], ARGV[1], ARGV[2]
for i = 3, #ARGV do
  local total = redis.call('HGET', ledger, ARGV[i])
  if total then copyCall(tag, day, ARGV[i], total) end
end
