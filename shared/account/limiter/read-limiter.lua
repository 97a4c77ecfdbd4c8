--- Reads fields of the limiter and the tallies of the latest seconds in one step.
--- Redis' clock decides which seconds those are, and the hundreds of older ones stay where they are.
---
--- KEYS[1]   quota    hash
--- ARGV[1]   seconds  how many tallies
--- ARGV[2]   ring     how many tallies there are places for
--- ARGV[3..] fields   names of other fields
---
--- Reply: [TIME, names, values].
--- Invariant: It writes nothing.

local time = redis.call('TIME')
local names = {}
for i = 3, #ARGV do names[#names + 1] = ARGV[i] end
for ago = 0, tonumber(ARGV[1]) - 1 do
  names[#names + 1] = 't' .. string.format('%.0f', (time[1] - ago) % tonumber(ARGV[2]))
end
return {time, names, redis.call('HMGET', KEYS[1], unpack(names))}
