--- Deletes a sealed subject whose record cannot be read.
---
--- KEYS[1] subject        hash
--- KEYS[2] photosStored   hash
--- KEYS[3] unfinishedIndex  sorted set
--- ARGV[1] id
--- ARGV[2] tag            what the store's keys begin with
---
--- Reply: 1.
--- Invariant: The count of stored photos stays right.

--- @include "fragments/shred.lua"

shred(KEYS[1], KEYS[2], KEYS[3], ARGV[2], ARGV[1])
return 1
