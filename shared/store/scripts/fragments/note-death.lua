--- Notes that the worker of the present claim died with it, if that worker is silent. One without a heartbeat
--- stopped in order, or is of a version before.
--- @include "now-ms.lua"
--- @include "silent-ms.lua"
local function noteDeath(record, heartbeats)
  local owner = redis.call('HMGET', record, 'claimedBy', 'claimToken', 'ranAlone', 'deaths')
  local beat = redis.call('ZSCORE', heartbeats, owner[1])
  if not beat or nowMs() - tonumber(beat) <= SILENT_MS then return end
  local kind = owner[2] and owner[2] == owner[3] and 'alone' or 'shared'
  redis.call('HSET', record, 'deaths', (owner[4] or '') .. kind .. ':' .. beat .. ':' .. owner[1] .. ' ')
end
