--- Writes for the operators' endpoints that an account's state has changed, once, whichever worker has noticed it.
---
--- KEYS[1] announced      hash
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] account        its name
--- ARGV[3] state          'running', or what it is and since when
--- ARGV[4] from           before the state was read, by Redis' clock
--- ARGV[5] to             after it was read
--- ARGV[6] owner          of the feed
--- ARGV[7] noticeId       of the event
--- ARGV[8] notice         the event's body
---
--- Reply: 1 when it was written; 0 when it is known, or may be older than what is.
--- Invariant: A state that was read before another was announced says nothing: what it is may have ended. An account
--- that runs when it is first looked at has not resumed.

--- @include "fragments/write-notice.lua"

local announced, tag, account, state, from, to = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local at, known = string.match(redis.call('HGET', announced, account) or '', '^(%d+) (.*)$')
if known == state or (at and from < tonumber(at)) then return 0 end
redis.call('HSET', announced, account, to .. ' ' .. state)
if not known and state == 'running' then return 0 end
writeNotice(tag, ARGV[6], ARGV[7], ARGV[8])
return 1
