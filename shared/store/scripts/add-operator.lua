--- Gives an operator a key.
---
--- KEYS[1] operators      hash, of at most `most` fields
--- ARGV[1] keyHash        what the key rests as
--- ARGV[2] name
--- ARGV[3] operator       JSON, with the name in it
--- ARGV[4] most           operators
---
--- Reply: 'added'; 'name_taken'; 'too_many'.
--- Invariant: A name stands for one key, so that a line of the log names one operator. A script that is sent again
--- finds its own key, and has added it.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 'added' end
local all = redis.call('HVALS', KEYS[1])
if #all >= tonumber(ARGV[4]) then return 'too_many' end
for i = 1, #all do
  local ok, known = pcall(cjson.decode, all[i])
  if ok and type(known) == 'table' and known.name == ARGV[2] then return 'name_taken' end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 'added'
