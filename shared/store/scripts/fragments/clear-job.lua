--- Takes away what is left of a job that has no place, so that it can be added again.
--- @keys job, jobLock, jobDependencies, jobProcessed, jobFailed, jobUnsuccessful
--- @keys failed, prioritized, delayed, waitingChildren, active, wait, paused
local function clearJob(queue, job)
  redis.call('DEL', jobKey(queue, job), jobLockKey(queue, job), jobDependenciesKey(queue, job),
    jobProcessedKey(queue, job), jobFailedKey(queue, job), jobUnsuccessfulKey(queue, job))
  for _, set in ipairs({failedKey(queue), prioritizedKey(queue), delayedKey(queue), waitingChildrenKey(queue)}) do
    redis.call('ZREM', set, job)
  end
  for _, list in ipairs({activeKey(queue), waitKey(queue), pausedKey(queue)}) do redis.call('LREM', list, 0, job) end
end
