--- Deletes all that is kept of a verification: record, delivery log, indexes, its places in the feed and among the
--- events that wait for an endpoint, and the claim of its Idempotency-Key, which would otherwise be taken for an
--- abandoned one. What is counted stays; it names no person.
--- @keys clientIndex, clientStatusIndex
--- @include "leave-feed.lua"
--- @include "leave-lists.lua"
--- @include "leave-waiting.lua"
local function forget(record, log, retention, deadLetters, tag, id)
  local now = redis.call('HMGET', record,
    'status', 'client', 'idempotencyClaim', 'deliveryStatus', 'callbackUrl', 'sequence', 'notices')
  if now[4] == 'held' then
    leaveWaiting(tag, now[2] .. ' none', id)
    local origin = string.match(now[5] or '', '^(https?://[^/]+)')
    if origin then leaveWaiting(tag, now[2] .. ' ' .. origin, id) end
  end
  if now[6] then leaveFeed(tag, now[2], now[6]) end
  for number in string.gmatch(now[7] or '', '%d+') do leaveFeed(tag, now[2], number) end
  redis.call('ZREM', retention, id)
  redis.call('ZREM', deadLetters, id)
  leaveLists(record, tag, id)
  redis.call('ZREM', clientIndexKey(tag, now[2]), id)
  redis.call('ZREM', clientStatusIndexKey(tag, now[2], now[1]), id)
  if now[3] and redis.call('HGET', now[3], 'id') == id then redis.call('DEL', now[3]) end
  redis.call('DEL', record, log)
end
