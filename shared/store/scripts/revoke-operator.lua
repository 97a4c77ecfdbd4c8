--- Refuses the key of an operator, and ends the sessions that were begun with it.
---
--- KEYS[1] operators      hash
--- KEYS[2] sessions       hash: '<begun> <last used> <key hash>'
--- ARGV[1] name
---
--- Reply: 1; 0 when no operator has this name.
--- Invariant: No session outlasts its key.

local all, revoked = redis.call('HGETALL', KEYS[1]), 0
for i = 1, #all, 2 do
  local ok, known = pcall(cjson.decode, all[i + 1])
  if ok and type(known) == 'table' and known.name == ARGV[1] then
    redis.call('HDEL', KEYS[1], all[i])
    revoked = 1
    local sessions = redis.call('HGETALL', KEYS[2])
    for j = 1, #sessions, 2 do
      if string.sub(sessions[j + 1], -65) == ' ' .. all[i] then redis.call('HDEL', KEYS[2], sessions[j]) end
    end
  end
end
return revoked
