--- Where a job is: the list or sorted set of its queue, or nil. A hash alone is what a deleted list leaves, and
--- a job in the failed set is worked on by no worker.
--- @keys job, prioritized, delayed, waitingChildren, active, wait, paused
local function placeOf(queue, job)
  if redis.call('EXISTS', jobKey(queue, job)) == 0 then return nil end
  for _, set in ipairs({prioritizedKey(queue), delayedKey(queue), waitingChildrenKey(queue)}) do
    if redis.call('ZSCORE', set, job) then return set end
  end
  for _, list in ipairs({activeKey(queue), waitKey(queue), pausedKey(queue)}) do
    if redis.call('LPOS', list, job) then return list end
  end
  return nil
end
