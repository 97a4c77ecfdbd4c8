--- Changes fields of a client.
---
--- KEYS[1] client         hash
--- ARGV[1..]              name and value in turn; an empty value takes the field away
---
--- Reply: 1; 0 when there is no such client.
--- Invariant: A change never makes half of a client.

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 1, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
return 1
