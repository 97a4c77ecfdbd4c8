--- Writes down an event for the audit trail, at the instant of what it is about.
---
--- waiting   list
--- event     JSON

local function noteAudit(waiting, event)
  local time = redis.call('TIME')
  redis.call('RPUSH', waiting, string.format('%d%03d', time[1], math.floor(time[2] / 1000)) .. ' ' .. event)
end
