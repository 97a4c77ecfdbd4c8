--- Makes copies of a verification that waits: all of its keys and entries, under other ids. For benchmarks alone.
---
--- KEYS[1] record         hash
--- KEYS[2] subject        hash
--- KEYS[3] verificationJob  hash
--- KEYS[4] deliveryJob    hash
--- KEYS[5] dependencies   set of the delivery's job
--- KEYS[6..]              sorted sets in which it stands
--- ARGV[1] id             of the one that is copied
--- ARGV[2] from           number of the first copy
--- ARGV[3] count          how many copies
---
--- Reply: 1.
--- Invariant: A copy differs from the other in its id alone, which has as many characters.

local id, from, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local hashes, scores = {}, {}
for i = 1, 4 do hashes[i] = redis.call('HGETALL', KEYS[i]) end
local members = redis.call('SMEMBERS', KEYS[5])
for i = 6, #KEYS do scores[i] = redis.call('ZSCORE', KEYS[i], id) end

local copy
local function renamed(text) return (string.gsub(text, id, copy)) end

for n = from, from + count - 1 do
  copy = string.sub(id, 1, -11) .. string.format('%010d', n)
  for i = 1, 4 do
    local fields = {}
    for f, text in ipairs(hashes[i]) do fields[f] = renamed(text) end
    redis.call('HSET', renamed(KEYS[i]), unpack(fields))
  end
  for _, member in ipairs(members) do redis.call('SADD', renamed(KEYS[5]), renamed(member)) end
  for i = 6, #KEYS do
    if scores[i] then redis.call('ZADD', KEYS[i], scores[i], copy) end
  end
end
return 1
