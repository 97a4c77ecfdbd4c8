--- Keeps the lock of a job, or takes it back if it ran out and the job is in no other hands.
---
--- KEYS[1] lock           string
--- KEYS[2] active         list
--- KEYS[3] stalled        set
--- ARGV[1] job            its id
--- ARGV[2] token          of the worker
--- ARGV[3] lockMs         how long it lasts
---
--- Reply: 1; 0 when the job is another worker's by now, or gone.
--- Invariant: A job whose lock has run out stays in `active` until a worker's check for stalled jobs puts it back
--- in line. Until then no other worker has it.

local lock, active, stalled = KEYS[1], KEYS[2], KEYS[3]
local job, token, lockMs = ARGV[1], ARGV[2], ARGV[3]
local holder = redis.call('GET', lock)
if holder and holder ~= token then return 0 end
if not holder and not redis.call('LPOS', active, job) then return 0 end
redis.call('SET', lock, token, 'PX', lockMs)
redis.call('SREM', stalled, job)
return 1
