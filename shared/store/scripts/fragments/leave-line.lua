--- Takes a verification out of the line of its client.
--- @include "shares.lua"
local function leaveLine(tag, id, client, priority)
  -- What a worker has claimed has left it: most that come here.
  if not redis.call('ZRANK', shareLineKey(tag, shares.classOf(priority), client), id) then return end
  shares.leave(shares.of(tag, priority, client), id)
end
