--- Looks at the weights of clients that have verifications waiting, and moves their turns where one has changed.
---
--- KEYS[1] weights        hash: client and the weight that its turns were given with
--- ARGV[1] tag            what the store's keys begin with
--- ARGV[2] priority       'interactive' or 'bulk'
--- ARGV[3] cursor         of HSCAN; or empty, for the clients that follow
--- ARGV[4..]              clients
---
--- Reply: the next cursor; '0' at the end.
--- Invariant: A few turns move a client, however much of it waits. The sum of the weights is right afterwards, as
--- long as the hash is small enough to be added up at once. What is final at the head of a line leaves it.

--- @keys record
--- @include "fragments/shares.lua"
--- @include "fragments/is-final.lua"

local ADDED_UP, PAGE = 1000, 100
local weights, tag, priority, cursor = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local clients = {}
if cursor == '' then
  for i = 4, #ARGV do clients[#clients + 1] = ARGV[i] end
else
  local page = redis.call('HSCAN', weights, cursor, 'COUNT', PAGE)
  cursor = page[1]
  for i = 1, #page[2], 2 do clients[#clients + 1] = page[2][i] end
end

-- A version before gave a place also to what was final by then, and nothing took it away. A line of another type must
-- not keep the others from their turn.
local function dropFinal(share)
  local id = redis.pcall('ZRANGE', share.line, 0, 0)[1]
  local status = id and redis.pcall('HGET', recordKey(tag, id), 'status')
  if id and (not status or isFinal(status)) then shares.leave(share, id) end
end

local class
for _, client in ipairs(clients) do
  local share = shares.of(tag, priority, client)
  class = share.class
  dropFinal(share)
  if share.weight and redis.call('EXISTS', share.line) == 0 then
    shares.deactivate(share)
  elseif share.weight and share.weight ~= shares.weightNow(share) then
    shares.reweigh(share, shares.weightNow(share))
  end
end
if class and redis.call('HLEN', weights) <= ADDED_UP then
  local sum = 0
  for _, weight in ipairs(redis.call('HVALS', weights)) do sum = sum + tonumber(weight) end
  redis.call('HSET', sharesKey(tag), 'weights:' .. class, sum)
end
return cursor == '' and '0' or cursor
