--- Reads events of a client's feed, oldest first.
---
--- KEYS[1] feed           stream
--- KEYS[2] feedNumbers    hash
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] client         its id
--- ARGV[3] after          the number before the first that is wanted
--- ARGV[4] limit          at most so many
---
--- Reply: the last number that was given, the number up to which was looked, then of each event its number, the
--- verification's id, or that of the event where it brings no outcome, and the body.
--- Invariant: One moment's state: what is not among the numbers is gone for good, and was not merely written later. A
--- body that has no number, because a version before may have sent it so, gets it here.

--- @keys record
--- @include "fragments/with-number.lua"

local feed, numbers, tag, client, after, limit = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local last = redis.call('HGET', numbers, client) or '0'
local entries = redis.call('XRANGE', feed, '(0-' .. after, '+', 'COUNT', limit)
-- A version before forgets records and leaves their entries.
local reply = {last, #entries < tonumber(limit) and last or string.match(entries[#entries][1], '^0%-(%d+)$')}
for _, entry in ipairs(entries) do
  local number, id = string.match(entry[1], '^0%-(%d+)$'), entry[2][2]
  local event = entry[2][1] == 'notice' and entry[2][4] or redis.call('HGET', recordKey(tag, id), 'event')
  if event then
    local ending = ',"sequence":' .. number .. '}'
    if string.sub(event, -#ending) ~= ending then event = withNumber(event, number) end
    reply[#reply + 1], reply[#reply + 2], reply[#reply + 3] = number, id, event
  end
end
return reply
