--- Takes a turn for the call that a claim is about to make. A verification whose worker died has paid for a turn
--- already; if its request may have left, that was a call, and the next one is charged too.
--- @include "shares.lua"
--- @include "standing-mark.lua"

-- All that a dead worker held comes back at once. In their old turns these would stand before all clients that have
-- come since: fifteen calls of the largest client, and a newcomer waits for most of a second. They go right behind the
-- newcomers instead, and still before their own client's next turn. Their calls do not move the virtual time.
-- Less than the smallest step between turns (a tenth), and written without an exponent.
local BEHIND_NEWCOMERS = 1 / 4096
local function goOnInTurn(record, share, turn)
  local class, turnTag = string.match(turn or '', '^(%d) (.+)$')
  local v = class and tonumber(redis.call('HGET', share.state, 'v:' .. class))
  if not v then return end
  local tag = shares.baseOf(share.state, class) + v + BEHIND_NEWCOMERS
  if tonumber(turnTag) < tag then redis.call('HSET', record, 'turn', class .. ' ' .. shares.exact(tag)) end
end

local function takeClaimTurn(record, tag, client, id, isTakenOver)
  local now = redis.call('HMGET', record, 'priority', 'shareTag', 'ahead', 'turn')
  local share = shares.of(tag, now[1], client)
  if isTakenOver and now[2] then
    if standingMark(record) then shares.chargeTurn(share) end
    goOnInTurn(record, share, now[4])
    return
  end
  local taken = shares.exact(shares.baseOf(share.state, share.class) + shares.claimTurn(share, id))
  redis.call('HSET', record, 'shareTag', taken,
    'turn', now[3] and '2 ' .. now[3] or share.class .. ' ' .. taken)
  if now[3] then redis.call('HDEL', record, 'ahead') end
end
