--- Begins a session of the console.
---
--- KEYS[1] sessions       hash, of at most `most` fields
--- ARGV[1] id             what the session's token is kept as
--- ARGV[2] now            ms epoch
--- ARGV[3] longest        ms that a session lasts
--- ARGV[4] idle           ms without use
--- ARGV[5] most           sessions
--- ARGV[6] keyHash        of the operator's key; empty for that of the environment
---
--- Reply: 1.
--- Invariant: What is over goes with the next sign-in; where there are too many, the session used longest ago gives
--- way.

local id, now, longest, idle, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local all, live, oldest, oldestUsed = redis.call('HGETALL', KEYS[1]), 0, nil, nil
for i = 1, #all, 2 do
  local begun, used = string.match(all[i + 1], '^(%d+) (%d+)')
  begun, used = tonumber(begun) or 0, tonumber(used) or 0
  if begun + longest <= now or used + idle <= now then
    redis.call('HDEL', KEYS[1], all[i])
  else
    live = live + 1
    if not oldestUsed or used < oldestUsed then oldest, oldestUsed = all[i], used end
  end
end
if live >= most then redis.call('HDEL', KEYS[1], oldest) end
local holder = ARGV[6] == '' and '' or ' ' .. ARGV[6]
redis.call('HSET', KEYS[1], id, ARGV[2] .. ' ' .. ARGV[2] .. holder)
redis.call('PEXPIRE', KEYS[1], longest)
return 1
