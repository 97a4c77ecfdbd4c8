--- Takes a place for a redelivery among those of its client that are under way.
---
--- KEYS[1] openRedeliveries  set, of the client
--- KEYS[2] begunRedeliveries  set, of the client
--- ARGV[1] id             of the verification
--- ARGV[2] most           0: no limit
--- ARGV[3] keptSeconds
--- ARGV[4] begunSeconds   longer than a redelivery takes to begin
---
--- Reply: 'taken'; 'there' when it has one already; 'full'.
--- Invariant: Requests at once take no more places than there are.

local open, begun, id, most = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
local isThere = redis.call('SISMEMBER', open, id) == 1
if not isThere and most > 0 and redis.call('SCARD', open) >= most then return 'full' end
redis.call('SADD', open, id)
redis.call('EXPIRE', open, ARGV[3])
redis.call('SADD', begun, id)
redis.call('EXPIRE', begun, ARGV[4])
return isThere and 'there' or 'taken'
