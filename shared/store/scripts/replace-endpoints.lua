--- Replaces the endpoints of a client, keeps the set of clients that have some, and notes which notices they ask for.
---
--- KEYS[1] client         hash
--- KEYS[2] pushClients    set
--- KEYS[3] noticeTypes    hash
--- ARGV[1] id             of the client
--- ARGV[2] expected       the present text of `endpoints`; empty: it has none
--- ARGV[3] value          the new text; empty: none is left
--- ARGV[4] chosen         the types of notice that they ask for, separated by spaces; empty: none
---
--- Reply: 1; 0 when the field has changed since it was read; -1 when there is no such client.
--- Invariant: Of two changes at once, each builds on what the other wrote.

local client, pushClients = KEYS[1], KEYS[2]
local id, expected, value, chosen = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('EXISTS', client) == 0 then return -1 end
if (redis.call('HGET', client, 'endpoints') or '') ~= expected then return 0 end
if value == '' then
  redis.call('HDEL', client, 'endpoints')
  redis.call('SREM', pushClients, id)
else
  redis.call('HSET', client, 'endpoints', value)
  redis.call('SADD', pushClients, id)
end
if chosen == '' then redis.call('HDEL', KEYS[3], id) else redis.call('HSET', KEYS[3], id, chosen) end
return 1
