--- Takes away what is left of a job that has no place, so that it can be added again.
local function clearJob(queue, job)
  local key = queue .. job
  redis.call('DEL', key, key .. ':lock', key .. ':dependencies', key .. ':processed', key .. ':failed',
    key .. ':unsuccessful')
  for _, set in ipairs({'failed', 'prioritized', 'delayed', 'waiting-children'}) do
    redis.call('ZREM', queue .. set, job)
  end
  for _, list in ipairs({'active', 'wait', 'paused'}) do redis.call('LREM', queue .. list, 0, job) end
end
