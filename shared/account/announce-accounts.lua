--- Writes down the accounts that a worker serves.
---
--- KEYS[1] accounts       hash: name of an account, what is known of it as JSON
--- ARGV[1] isFirst        '1': also where none is written down yet
--- ARGV[2..] accounts     name and JSON of each
---
--- Reply: 1 when they are written.
--- Invariant: A lane of one account has no such key.

if ARGV[1] ~= '1' and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
