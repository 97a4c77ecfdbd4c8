--- How many verifications of a client have no outcome yet. The indexes move with the status, in the scripts that
--- change it.
--- @keys clientStatusIndex
local function countUnfinished(tag, client)
  local count = 0
  for _, status in ipairs({'queued', 'verifying', 'retrying', 'deferred'}) do
    count = count + redis.call('ZCARD', clientStatusIndexKey(tag, client, status))
  end
  return count
end
