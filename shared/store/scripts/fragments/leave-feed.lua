--- Takes an event out of its client's feed. Its number stays given: a reader learns that it is gone.
--- @keys feed
local function leaveFeed(tag, client, number)
  local stream = feedKey(tag, client)
  redis.pcall('XDEL', stream, '0-' .. number)
  if redis.pcall('XLEN', stream) == 0 then redis.call('DEL', stream) end
end
