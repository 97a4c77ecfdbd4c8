--- Puts waiting verifications in their places in their clients' lines.
---
--- KEYS[1] prioritized    sorted set of BullMQ's: the verifications that wait
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] as             'fresh'; 'back': went back unasked, first in its line; 'unplaced': only what has no place
---                        yet, as a retry if an earlier version queued it as one
--- ARGV[3..]              ids
---
--- Reply: how many were put in their places.
--- Invariant: What waits for nothing, stands aside, or is in a worker's hands, gets no place in a line. Doing it again
--- changes nothing.

--- @keys record, verificationCounter
--- @include "fragments/shares.lua"
--- @include "fragments/is-final.lua"

local prioritized, tag, as = KEYS[1], ARGV[1], ARGV[2]

local function kindOf(share, id, score)
  local known = tonumber(redis.call('ZSCORE', share.line, id))
  if as == 'back' then return known or shares.BACK end
  if as == 'fresh' then return known or shares.FRESH end
  local class = math.floor(score / shares.SPAN)
  return (class == 1 or class == 3) and shares.RETRY or shares.FRESH
end

-- One that stands aside and went back unasked is before all others that do, where BullMQ puts it. Left there, it would
-- be each probe of a closed account, and the others would never be. It goes behind them, as one that BullMQ has made
-- ready.
local function turnAside(id)
  local counter = redis.call('INCR', verificationCounterKey(tag))
  redis.call('ZADD', prioritized, shares.exact(shares.ASIDE * shares.SPAN + counter % shares.SPAN), id)
end

-- Nearly all that the walk for what has no place looks at.
local function hasPlace(client, priority, id)
  return as == 'unplaced' and redis.call('ZSCORE', shareLineKey(tag, shares.classOf(priority), client), id)
end

local placed = 0
for i = 3, #ARGV do
  local id = ARGV[i]
  local score = tonumber(redis.call('ZSCORE', prioritized, id))
  local known = redis.pcall('HMGET', recordKey(tag, id), 'client', 'priority', 'status')
  if as == 'back' and score == shares.ASIDE * shares.SPAN then turnAside(id) end
  local isInLine = score and score < shares.ASIDE * shares.SPAN
  if isInLine and not known.err and known[1] and not isFinal(known[3]) and known[3] ~= 'verifying' then
    if not hasPlace(known[1], known[2], id) then
      local share = shares.of(tag, known[2], known[1])
      shares.join(share, id, kindOf(share, id, score))
      placed = placed + 1
    end
  end
end
return placed
