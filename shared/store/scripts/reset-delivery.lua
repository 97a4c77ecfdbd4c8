--- Takes a delivery back to `pending`. It comes behind the job in one transaction.
---
--- KEYS[1] record         hash
--- KEYS[2] deadLetters    sorted set
--- KEYS[3] retention      sorted set
--- KEYS[4] waiting        sorted set in which the job must be
--- KEYS[5] undelivered    sorted set
--- ARGV[1] id
--- ARGV[2] status         of the delivery as it was read
--- ARGV[3] previous       `redelivery` as it was read, or empty
--- ARGV[4] redelivery     what replaces it
--- ARGV[5] job            id of the job
--- ARGV[6..]              sorted sets in which the event may be waiting
---
--- Reply: 'reset'; 'lost' when the record has changed since it was read; 'no_job'.
--- Invariant: Redis does not roll back, so nothing changes unless the job is in its place: a record must not say
--- that its event is on the way when it is not. The empty run is of no process: a run that began before and ends
--- after this is logged, and changes nothing else. A write that needs memory comes first: a full Redis then refuses
--- the whole script, as it refused the job.

local record, deadLetters, retention, waiting, undelivered = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, status, previous, redelivery, job = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = redis.call('HMGET', record, 'deliveryStatus', 'redelivery')
if now[1] ~= status or (now[2] or '') ~= previous then return 'lost' end
if not redis.call('ZSCORE', waiting, job) then return 'no_job' end
redis.call('HSET', record, 'deliveryStatus', 'pending', 'deliveryAttempts', '0', 'deliveryRun', '',
  'redelivery', redelivery)
redis.call('ZADD', undelivered, redis.call('TIME')[1], id)
redis.call('HDEL', record, 'deliveryNextAt')
redis.call('ZREM', deadLetters, id)
redis.call('ZREM', retention, id)
-- Another endpoint's set may be of another type: that must not leave this event half reset.
for i = 6, #ARGV do redis.pcall('ZREM', ARGV[i], id) end
return 'reset'
