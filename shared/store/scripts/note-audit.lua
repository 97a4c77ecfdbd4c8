--- Writes down what was done, for the audit trail.
---
--- KEYS[1] waiting        list: '<ms epoch> <event>'
--- KEYS[2] noted          string that expires: these events have been written down
--- ARGV[1] forMs          how long that is remembered: a lost reply has the script sent again within it
--- ARGV[2..] events       JSON
---
--- Reply: how many wait now.
--- Invariant: Events stand in the order of their times, by Redis' clock. A script that is sent again adds none.

--- @include "fragments/note-audit.lua"

if redis.call('SET', KEYS[2], '1', 'PX', ARGV[1], 'NX') then
  for i = 2, #ARGV do noteAudit(KEYS[1], ARGV[i]) end
end
return redis.call('LLEN', KEYS[1])
