--- What a call that gets its slot means for the order of all others: the virtual time, who is forgotten, what has
--- come back meanwhile, and whose turn it is between interactive and bulk.
--- @keys shares, shareNext, shareWeights, waitingVerifications, record
--- @include "shares.lua"
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

-- `called` is of the record: its priority, its turn and the tag of it.
local function grantTurn(tag, called, bulkShare, isProbe)
  local turnTag = tonumber(called.shareTag)
  -- Claimed by an earlier version.
  if not turnTag then return end
  local state, class = sharesKey(tag), shares.classOf(called.priority)
  local now = redis.call('HMGET', state, 'base:' .. class, 'v:' .. class, 'bulkDue')
  turnTag = turnTag - tonumber(now[1] or '0')
  local v = tonumber(now[2])
  if not v or turnTag > v then
    v = turnTag
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
