--- Takes a turn for the call that a claim is about to make. A verification whose worker died goes on in the turn that
--- it had; if its request may have left, that was a call, and the next one is charged too.
--- @include "shares.lua"
--- @include "standing-mark.lua"
local function takeClaimTurn(record, tag, client, id, isTakenOver)
  local now = redis.call('HMGET', record, 'priority', 'shareTag', 'ahead')
  local share = shares.of(tag, now[1], client)
  if isTakenOver and now[2] then
    if standingMark(record) then shares.chargeTurn(share) end
    return
  end
  local taken = shares.exact(shares.baseOf(share.state, share.class) + shares.claimTurn(share, id))
  redis.call('HSET', record, 'shareTag', taken,
    'turn', now[3] and '2 ' .. now[3] or share.class .. ' ' .. taken)
  if now[3] then redis.call('HDEL', record, 'ahead') end
end
