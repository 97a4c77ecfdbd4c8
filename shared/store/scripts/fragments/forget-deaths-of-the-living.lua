--- Takes off the deaths of workers that have given a sign of life since they were noted.
---
--- `deaths` of a record has entries `<kind>:<last heartbeat>:<worker>`. A worker that is silent when its claim is
--- taken over may be cut off from Redis, or stopped. So a death counts only as long as the worker's last heartbeat
--- stays what it was. Compared for being the same, not for being later: the clock of a replica that took over may
--- be behind.
local function forgetDeathsOfTheLiving(record, heartbeats, deaths)
  local kept = ''
  for entry in string.gmatch(deaths, '%S+') do
    local beat, worker = string.match(entry, '^%a+:(%d+):(.+)$')
    if worker and redis.call('ZSCORE', heartbeats, worker) == beat then kept = kept .. entry .. ' ' end
  end
  if kept ~= deaths then redis.call('HSET', record, 'deaths', kept) end
end
