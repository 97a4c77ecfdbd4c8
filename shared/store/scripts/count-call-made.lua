--- Counts a call that has left for the upstream, for its client.
---
--- KEYS[1] record         hash
--- KEYS[2] callsMade      hash of this span of time
--- KEYS[3] repeats        hash
--- ARGV[1] client         its id
--- ARGV[2] call           the call's id
--- ARGV[3] keptMs         for how long the span is of interest
--- ARGV[4] isRepeat       '1': the verification was asked about before
--- ARGV[5] extended       JSON: what its promise had been put off by when it was asked about; empty: nothing to keep
---
--- Reply: 1; 0 when it was counted before, or its record is gone.
--- Invariant: A call is counted once, also when the command is sent again. What is kept is bounded: a field for each
--- client that calls within a span, and the span expires.

local record, callsMade, repeats = KEYS[1], KEYS[2], KEYS[3]
local client, call, keptMs, isRepeat, extended = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local counted = redis.call('HMGET', record, 'id', 'countedCall')
if not counted[1] or counted[2] == call then return 0 end
redis.call('HSET', record, 'countedCall', call)
if redis.call('HINCRBY', callsMade, client, 1) == 1 then redis.call('PEXPIRE', callsMade, keptMs) end
if isRepeat == '1' then redis.call('HINCRBY', repeats, client, 1) end
if extended ~= '' then redis.call('HSET', record, 'promiseExtended', extended) end
return 1
