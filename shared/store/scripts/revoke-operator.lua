--- Refuses the key of an operator, and ends the sessions that were begun with it.
---
--- KEYS[1] operators      hash
--- KEYS[2] sessions       hash: '<begun> <last used> <key hash>'
--- KEYS[3] uses           hash: when each key was last used
--- ARGV[1] name
--- ARGV[2] evenLast       '1': also the last key that may change things
---
--- Reply: 'revoked'; 'missing' when no operator has this name; 'last_full_key', and nothing was changed.
--- Invariant: No session outlasts its key. Two operators who revoke each other at once do not both succeed unawares.

local all, hashes, isFull, others = redis.call('HGETALL', KEYS[1]), {}, false, 0
for i = 1, #all, 2 do
  local ok, known = pcall(cjson.decode, all[i + 1])
  if ok and type(known) == 'table' then
    local full = known.readOnly == false
    if known.name == ARGV[1] then
      hashes[#hashes + 1] = all[i]
      isFull = isFull or full
    elseif full then
      others = others + 1
    end
  end
end
if #hashes == 0 then return 'missing' end
if isFull and others == 0 and ARGV[2] ~= '1' then return 'last_full_key' end
local sessions = redis.call('HGETALL', KEYS[2])
for _, hash in ipairs(hashes) do
  redis.call('HDEL', KEYS[1], hash)
  redis.call('HDEL', KEYS[3], hash)
  for i = 1, #sessions, 2 do
    if string.sub(sessions[i + 1], -65) == ' ' .. hash then redis.call('HDEL', KEYS[2], sessions[i]) end
  end
end
return 'revoked'
