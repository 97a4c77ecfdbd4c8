--- Writes the upstream down if the account has none, and the worker's presence if they agree.
---
--- KEYS[1] upstream       hash
--- KEYS[2] workers        sorted set, by the time (ms epoch) until which each counts as present
--- ARGV[1] endpoint
--- ARGV[2] livemode       '1' or '0'
--- ARGV[3] account        its name; empty: none
--- ARGV[4] worker
--- ARGV[5] isRenewing     '1': the worker has joined before
--- ARGV[6] presentMs      how long it counts as present
---
--- Reply: {'joined'}; {'differs', endpoint, livemode, account} with what is written down.
--- Invariant: Workers with different upstreams are never present together.
---
--- A worker that renews its presence is not asked for the account's name again: it may have been given to the lane
--- since.

local upstream, workers = KEYS[1], KEYS[2]
local endpoint, livemode, account, worker, isRenewing = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local presentMs = tonumber(ARGV[6])
local known = redis.call('HMGET', upstream, 'endpoint', 'livemode', 'account')
if known[1] then
  local named = known[3] or ''
  local isSameAccount = named == '' or named == account or isRenewing
  if known[1] ~= endpoint or known[2] ~= livemode or not isSameAccount then
    return {'differs', known[1], known[2], named}
  end
end
if not isRenewing or not known[1] then
  redis.call('HSET', upstream, 'endpoint', endpoint, 'livemode', livemode, 'account', account)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', workers, '-inf', now)
redis.call('ZADD', workers, now + presentMs, worker)
return {'joined'}
