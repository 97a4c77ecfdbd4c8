--- Gives what has come back for another attempt its place. Without calls, no grant does it.
---
--- KEYS[1] prioritized    sorted set of BullMQ's: the verifications that wait
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] count          at most
---
--- Reply: how many were found.
--- Invariant: Only while the account is open: before that, what failed stays behind everything.

--- @include "fragments/land-retries.lua"

return landRetries(ARGV[1], tonumber(ARGV[2]))
