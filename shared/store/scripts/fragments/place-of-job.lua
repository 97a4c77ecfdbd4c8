--- Where a job is: the name of one of its queue's lists, or 'none'. A hash alone is what a deleted list leaves, and
--- a job in the failed set is worked on by no worker.
local function placeOf(queue, job)
  if redis.call('EXISTS', queue .. job) == 0 then return 'none' end
  for _, set in ipairs({'prioritized', 'delayed', 'waiting-children'}) do
    if redis.call('ZSCORE', queue .. set, job) then return set end
  end
  for _, list in ipairs({'active', 'wait', 'paused'}) do
    if redis.call('LPOS', queue .. list, job) then return list end
  end
  return 'none'
end
