--- What a call that gets its slot means for the order of all others: the virtual time, who is forgotten, what has
--- come back meanwhile, and whose turn it is between interactive and bulk.
--- @keys shares, shareNext, shareWeights, shareUnasked, waitingVerifications, record, client, heartbeats
--- @include "shares.lua"
--- @include "now-ms.lua"
--- @include "silent-ms.lua"
--- @include "land-retries.lua"
local LANDED_AT_ONCE, LOOKED_AT = 4, 8

-- A client whose next turn is past is as one that was never seen. Each grant adds one at most, and looks at two.
local function forgetPast(tag, class, v)
  local next, weights = shareNextKey(tag, class), shareWeightsKey(tag, class)
  for _, client in ipairs(redis.call('ZRANGEBYSCORE', next, '-inf', shares.exact(v), 'LIMIT', 0, 2)) do
    if redis.call('HEXISTS', weights, client) == 0 then redis.call('ZREM', next, client) end
  end
end

-- The bulk verification that is next goes ahead of the interactive ones. Jobs without a record stay where they are.
local function letBulkAhead(tag, state)
  local prioritized = waitingVerificationsKey(tag)
  local turnTag = math.max(0, tonumber(redis.call('HGET', state, 'v:2') or '0') - 1)
  local from, to = shares.exact(3 * shares.SPAN), '(' .. shares.exact(shares.ASIDE * shares.SPAN)
  local bulk = redis.call('ZRANGEBYSCORE', prioritized, from, to, 'LIMIT', 0, LOOKED_AT)
  for _, id in ipairs(bulk) do
    if redis.pcall('HEXISTS', recordKey(tag, id), 'client') == 1 then
      redis.call('HSET', recordKey(tag, id), 'ahead', shares.exact(shares.baseOf(state, 2) + turnTag))
      redis.call('ZADD', prioritized, shares.exact(2 * shares.SPAN + turnTag), id)
      return true
    end
  end
  return false
end

-- Interactive comes before bulk. With each interactive call bulk comes nearer to a turn ahead of it, so that both
-- together make `bulkShare` of the calls. Nothing is saved up while no bulk verification waits.
-- Returns how near it is now.
local function shareWithBulk(tag, state, due, class, isAhead, bulkShare)
  if bulkShare <= 0 or isAhead then return due end
  if class == 2 then
    due = bulkShare >= 1 and 1 or math.min(1, due + bulkShare / (1 - bulkShare))
    if due >= 1 then due = letBulkAhead(tag, state) and due - 1 or 0 end
  else
    due = math.max(0, due - 1)
  end
  return due
end

-- The tag of what waits in the next turn, or nil.
local function firstWaiting(tag, class)
  local from = class * shares.SPAN
  local to = '(' .. shares.exact(from + shares.PARKED)
  local found = redis.call('ZRANGEBYSCORE', waitingVerificationsKey(tag), shares.exact(from), to, 'WITHSCORES',
    'LIMIT', 0, 1)
  return found[2] and tonumber(found[2]) - from
end

-- The least tag of what has not been asked about, waiting or claimed, or nil. What a silent worker holds is left out.
local function firstUnasked(tag, class, base)
  local waiting, unasked = firstWaiting(tag, class), shareUnaskedKey(tag, class)
  local silentSince, rank = nowMs() - SILENT_MS, 0
  repeat
    local found = redis.call('ZRANGE', unasked, rank, rank + LOOKED_AT - 1, 'WITHSCORES')
    for i = 1, #found, 2 do
      local id, own = found[i], tonumber(found[i + 1]) - base
      if waiting and own >= waiting then return waiting end
      local held = redis.pcall('HMGET', recordKey(tag, id), 'claimedBy', 'shareTag', 'sentAt')
      if held[2] and not held[3] then
        local beat = held[1] and tonumber(redis.call('ZSCORE', heartbeatsKey(tag), held[1]) or '')
        if held[1] and (not beat or beat > silentSince) then return own end
        rank = rank + 1
      else
        -- An earlier version has asked about it or ended its claim, or its record is gone.
        redis.call('ZREM', unasked, id)
      end
    end
  until #found < 2 * LOOKED_AT
  return waiting
end

-- Where the virtual time goes with a call in this turn. Workers claim several verifications each, and one that is
-- quick may ask in a later turn than others hold, or before it can claim what has just come. With the virtual time past
-- those, a newcomer would wait for all of them: it goes no farther than the first. Of a client that is
-- alone, only a turn more than a step ahead leaves any out.
local function timeOf(tag, called, class, base, v, turnTag)
  local step = shares.unit(shares.weightNow({record = clientKey(tag, called.client)}))
  if v and turnTag <= v + step and redis.call('ZCARD', shareNextKey(tag, class)) <= 1 then return turnTag end
  return math.max(v or 0, math.min(turnTag, firstUnasked(tag, class, base) or turnTag))
end

-- `called` is of the record: its id, its client, its priority, its turn and the tag of it.
local function grantTurn(tag, called, bulkShare, isProbe)
  local turnTag = tonumber(called.shareTag)
  -- Claimed by an earlier version.
  if not turnTag then return end
  local state, class = sharesKey(tag), shares.classOf(called.priority)
  redis.call('ZREM', shareUnaskedKey(tag, class), called.id)
  local now = redis.call('HMGET', state, 'base:' .. class, 'v:' .. class, 'bulkDue')
  local base = tonumber(now[1] or '0')
  turnTag = turnTag - base
  local v = tonumber(now[2])
  if not v or turnTag > v then
    v = timeOf(tag, called, class, base, v, turnTag)
    redis.call('HSET', state, 'v:' .. class, shares.exact(v))
  end
  forgetPast(tag, class, v)
  -- While the account is closed, what failed stays behind: the next probe is to be another.
  if isProbe then return end
  landRetries(tag, LANDED_AT_ONCE)
  local known = tonumber(now[3] or '0')
  local isAhead = class == 4 and string.sub(called.turn or '', 1, 2) == '2 '
  local due = shareWithBulk(tag, state, known, class, isAhead, bulkShare)
  if due ~= known then redis.call('HSET', state, 'bulkDue', shares.exact(due)) end
end
