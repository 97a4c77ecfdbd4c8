--- The time by Redis' clock, in ms since the epoch: no machine's clock has a say in what several of them decide.
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
