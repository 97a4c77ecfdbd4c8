--- Changes fields of a client.
---
--- KEYS[1] clientHash     hash
--- KEYS[2] budgeted       set: the clients with a budget
--- KEYS[3] levels         hash: how far they have spent it
--- ARGV[1] client         its id
--- ARGV[2] callbackUrl    nothing is changed unless this one stands, '' for none; '*': whichever stands
--- ARGV[3..]              name and value in turn; an empty value takes the field away
---
--- Reply: 1; 0 when there is no such client; -1 when another callback URL stands.
--- Invariant: A change never makes half of a client. A budget that changes is looked at as a new one.

local clientHash, budgeted, levels = KEYS[1], KEYS[2], KEYS[3]
local client = ARGV[1]
if redis.call('EXISTS', clientHash) == 0 then return 0 end
if ARGV[2] ~= '*' and (redis.call('HGET', clientHash, 'callbackUrl') or '') ~= ARGV[2] then return -1 end
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', clientHash, ARGV[i])
  else
    redis.call('HSET', clientHash, ARGV[i], ARGV[i + 1])
  end
  if string.sub(ARGV[i], 1, 6) == 'budget' then
    redis.call('HDEL', levels, client .. '|day', client .. '|month')
  end
end
local budget = redis.call('HMGET', clientHash, 'budgetDay', 'budgetMonth')
if budget[1] or budget[2] then
  redis.call('SADD', budgeted, client)
else
  redis.call('SREM', budgeted, client)
end
return 1
