--- Gives what comes back for another attempt its place. BullMQ makes a delayed job ready by itself, and scores it as
--- it scores any: by its priority, the last of all. From there it goes to the front of its own
--- client's line, and not before everybody.
---
--- What is final by then stands in no line: an answer came after another run had put it off, or its client has
--- cancelled it. Its job goes first, because it asks nothing and its event waits for its end.
--- @keys record, waitingVerifications, verificationJob
--- @include "shares.lua"
--- @include "is-final.lua"
local function landOne(tag, id)
  local known = redis.pcall('HMGET', recordKey(tag, id), 'client', 'priority', 'status')
  if known.err or not known[1] then
    -- Without a record the job ends by itself when a worker takes it; here it must not stay before those behind it.
    redis.call('ZADD', waitingVerificationsKey(tag), 'XX', shares.exact(4 * shares.SPAN + shares.PARKED), id)
    return
  end
  if isFinal(known[3]) then
    redis.call('ZADD', waitingVerificationsKey(tag), 'XX', shares.exact(shares.SPAN), id)
    return
  end
  local share, job = shares.of(tag, known[2], known[1]), verificationJobKey(tag, id)
  shares.join(share, id, shares.RETRY)
  if redis.pcall('HEXISTS', job, 'priority') == 1 then redis.call('HSET', job, 'priority', share.class - 1) end
end
local function landRetries(tag, count)
  local from = shares.exact(shares.ASIDE * shares.SPAN)
  local landed = redis.call('ZRANGEBYSCORE', waitingVerificationsKey(tag), from, '+inf', 'LIMIT', 0, count)
  for _, id in ipairs(landed) do landOne(tag, id) end
  return #landed
end
