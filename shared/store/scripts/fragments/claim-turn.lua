--- Takes a turn for the call that a claim is about to make. A verification whose worker died has paid for a turn
--- already; if its request may have left, that was a call, and the next one is charged too.
--- @keys record
--- @include "is-final.lua"
--- @include "shares.lua"

-- All that a dead worker held comes back at once. In their old turns these would stand before all clients that have
-- come since: fifteen calls of the largest client, and a newcomer waits for most of a second. They go right behind the
-- newcomers instead, and still before their own client's next turn. Their calls do not move the virtual time.
-- Less than the smallest step between turns (a tenth), and written without an exponent.
local BEHIND_NEWCOMERS = 1 / 4096
local function goOnInTurn(share, turn)
  local class, turnTag = string.match(turn or '', '^(%d) (.+)$')
  local v = class and tonumber(redis.call('HGET', share.state, 'v:' .. class))
  if not v then return {} end
  local tag = shares.baseOf(share.state, class) + v + BEHIND_NEWCOMERS
  return tonumber(turnTag) < tag and {'turn', class .. ' ' .. shares.exact(tag)} or {}
end

-- Takes the next turn. Returns what the record is to keep, names and values in turn.
local function takeTurnFor(share, record, id, ahead)
  local taken = shares.exact(shares.baseOf(share.state, share.class) + shares.claimTurn(share, id))
  if ahead then redis.call('HDEL', record, 'ahead') end
  redis.call('ZADD', share.unasked, taken, id)
  return {'shareTag', taken, 'turn', ahead and '2 ' .. ahead or share.class .. ' ' .. taken}
end

-- Claims arrive in another order than workers have taken the verifications. What stands before this one in its client's
-- line, and is in a worker's hands too, takes its turn first: its time is promised, and one turn of a client of small
-- weight is seconds. Its record keeps the turn until it is claimed.
local function takeTurnsBefore(share, tag, id)
  local rank = redis.call('ZRANK', share.line, id) or 0
  if rank == 0 then return end
  for _, other in ipairs(redis.call('ZRANGE', share.line, 0, math.min(rank, shares.TURNS) - 1)) do
    if not redis.call('ZSCORE', share.prioritized, other) then
      local record = recordKey(tag, other)
      local known = redis.call('HMGET', record, 'status', 'ahead', 'shareTag')
      if known[1] and not known[3] and not isFinal(known[1]) then
        redis.call('HSET', record, unpack(takeTurnFor(share, record, other, known[2])))
      end
    end
  end
end

-- `was` is of the record: its priority, turn and tag, what it was let ahead with, and whether a mark stands and
-- another claim. Returns what the record is to keep, names and values in turn.
local function takeClaimTurn(record, tag, client, id, was)
  local share = shares.of(tag, was.priority, client)
  if was.isTakenOver and was.shareTag then
    if was.isMarked then shares.chargeTurn(share) end
    return goOnInTurn(share, was.turn)
  end
  if was.shareTag then
    shares.leave(share, id)
    return {}
  end
  takeTurnsBefore(share, tag, id)
  return takeTurnFor(share, record, id, was.ahead)
end
