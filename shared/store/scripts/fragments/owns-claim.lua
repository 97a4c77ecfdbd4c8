--- Whether this run still has the verification: another claim, also one of a version before, takes it away.
local function ownsClaim(record, worker, token)
  local now = redis.call('HMGET', record, 'claimedBy', 'claimToken')
  return now[1] == worker and now[2] == token
end
