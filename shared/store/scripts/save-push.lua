--- Writes how far the deliveries to one endpoint of a client are, and keeps or gives back the hold on them.
---
--- KEYS[1] push           hash
--- ARGV[1] owner          token of the process
--- ARGV[2] forMs          keeps the hold for so long; 0 gives it back
--- ARGV[3] epoch          count of the client's changes of the position, as it was taken
--- ARGV[4] tag            what the store's keys begin with
--- ARGV[5] client         its id
--- ARGV[6] noticeId       of the event about one that is passed by
--- ARGV[7] notice         the event's body; empty: none is passed by
--- ARGV[8] about          the verification that it is about; empty: none
--- ARGV[9..]              name and value in turn; an empty value takes the field away
---
--- Reply: 'saved'; 'not_ours' when another process has them, the endpoint was removed, or the client has changed the
--- position meanwhile.
--- Invariant: A process that was stopped for longer than its hold changes nothing, and a position that the client has
--- chosen is not overwritten by the one that was reached before. What is written again writes no event again: the count
--- of those passed by is the same then. An event about a verification goes with it, and is not written behind it.

--- @keys record
--- @include "fragments/now-ms.lua"
--- @include "fragments/write-notice.lua"

local push, owner, forMs, epoch = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local notice, about = ARGV[7], ARGV[8]
local held = redis.call('HMGET', push, 'owner', 'epoch', 'dead')
if held[1] ~= owner then return 'not_ours' end
local isOurs = (held[2] or '0') == epoch
if isOurs then
  for i = 9, #ARGV, 2 do
    if ARGV[i + 1] == '' then redis.call('HDEL', push, ARGV[i])
    else redis.call('HSET', push, ARGV[i], ARGV[i + 1]) end
  end
  if notice ~= '' and redis.call('HGET', push, 'dead') ~= held[3] then
    local record = about ~= '' and recordKey(ARGV[4], about) or nil
    if not record or redis.call('EXISTS', record) == 1 then
      writeNotice(ARGV[4], ARGV[5], ARGV[6], notice, record)
    end
  end
end
if forMs == 0 or not isOurs then redis.call('HDEL', push, 'owner', 'ownedUntil')
else redis.call('HSET', push, 'ownedUntil', string.format('%.0f', nowMs() + forMs)) end
return isOurs and 'saved' or 'not_ours'
