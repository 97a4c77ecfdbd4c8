--- Notes a photo that is about to be put into the object store, before a byte of it leaves.
---
--- KEYS[1] photosExpected  sorted set
--- ARGV[1] photoAt        where it goes
--- ARGV[2] for            ms: so long its verification may be accepted
---
--- Reply: 1.
--- Invariant: No photo lies in the object store that neither a subject nor one of the two lists knows.

--- @include "fragments/now-ms.lua"

redis.call('ZADD', KEYS[1], nowMs() + tonumber(ARGV[2]), ARGV[1])
return 1
