--- Fair shares of the quota: which verification of which client is next, within a priority (decision 17).
---
--- Start-time fair queueing: each call of a client takes the client's next turn, and a turn's tag is a time that
--- passes for a client by 100 / weight with each of its calls. `v:<class>` is that time for all: the tag of the call
--- that got a slot last. A client that comes back starts there, so nothing is saved up and nothing is owed.
---
--- `line:<class>:<client>` has all that waits of a client, in its order. The first TURNS of it hold a turn: their
--- score in BullMQ's `prioritized` is the class and the tag. The others are parked behind every turn of their class,
--- at about the place where their turn will be. So a retry, a cancellation or another weight moves TURNS jobs at most,
--- however many wait. Scores only say in which order BullMQ hands jobs out: the tag that counts is taken at the claim.
---
--- Tags are multiples of 2^-16 below 2^31, so that class and tag fit a double exactly. test/model/fair-shares.ts is
--- the same in TypeScript, function by function.
--- @keys shares, shareWeights, shareNext, shareLine, shareUnasked, waitingVerifications, client
local shares = {SPAN = 4294967296, PARKED = 2147483648, TURNS = 8, ASIDE = 5}
local DEFAULT_WEIGHT, MOST_WEIGHT = 100, 1000
-- What comes first in a client's line: what went back unasked, what was asked before, what is new.
shares.BACK, shares.RETRY, shares.FRESH = 0, 1, 2
-- By so much more, one is behind another of its kind whose id is greater.
shares.LATER = 1 / 1073741824

function shares.exact(n) return string.format('%.17g', n) end

function shares.classOf(priority) return priority == 'interactive' and 2 or 4 end

function shares.of(tag, priority, client)
  local class = shares.classOf(priority)
  local share = {class = class, client = client, state = sharesKey(tag), next = shareNextKey(tag, class),
    weights = shareWeightsKey(tag, class), line = shareLineKey(tag, class, client),
    unasked = shareUnaskedKey(tag, class), prioritized = waitingVerificationsKey(tag), record = clientKey(tag, client)}
  share.weight = tonumber(redis.call('HGET', share.weights, client))
  share.start = tonumber(redis.call('ZSCORE', share.next, client))
  return share
end

function shares.unit(weight) return math.floor(DEFAULT_WEIGHT * 65536 / weight + 0.5) / 65536 end

function shares.weightNow(share)
  local text = redis.pcall('HGET', share.record, 'weight')
  local weight = type(text) == 'string' and string.match(text, '^[1-9]%d?%d?%d?$') and tonumber(text)
  return weight and weight <= MOST_WEIGHT and weight or DEFAULT_WEIGHT
end

-- Where it is not known (an earlier version's data, a lost key), the head of what waits stands for it.
function shares.virtualTime(share)
  local known = tonumber(redis.call('HGET', share.state, 'v:' .. share.class))
  if known then return known end
  local first = share.class * shares.SPAN
  local from, to = shares.exact(first), '(' .. shares.exact(first + shares.PARKED)
  local heads = redis.call('ZRANGEBYSCORE', share.prioritized, from, to, 'WITHSCORES', 'LIMIT', 0, 2)
  -- One that is being placed has a score that means nothing yet.
  local head = heads[1] == share.placing and heads[4] or heads[2]
  local v = head and tonumber(head) - first or 0
  redis.call('HSET', share.state, 'v:' .. share.class, shares.exact(v))
  return v
end

-- What rebase-tags.lua has taken off the tags of a class so far. What outlives a script is kept with it added.
function shares.baseOf(state, class) return tonumber(redis.call('HGET', state, 'base:' .. class) or '0') end

-- The tag of the client's next turn.
function shares.nextTurn(share)
  if share.weight and share.start then return share.start end
  return math.max(shares.virtualTime(share), share.start or 0)
end

function shares.setStart(share, start)
  share.start = start
  redis.call('ZADD', share.next, shares.exact(start), share.client)
end

function shares.tagAt(share, rank)
  local tag = share.start + rank * shares.unit(share.weight)
  if rank < shares.TURNS then return math.min(tag, shares.PARKED - 1) end
  return shares.PARKED + math.min(tag, shares.PARKED - 1) / 2
end

-- One that a worker has taken has no score, and one that was let ahead, or stands aside, keeps that place.
function shares.setTag(share, id, tag)
  local now = tonumber(redis.call('ZSCORE', share.prioritized, id))
  local score = share.class * shares.SPAN + tag
  if not now or now == score or math.floor(now / shares.SPAN) ~= share.class then return end
  redis.call('ZADD', share.prioritized, shares.exact(score), id)
end

function shares.forceTag(share, id, tag)
  redis.call('ZADD', share.prioritized, 'XX', shares.exact(share.class * shares.SPAN + tag), id)
end

-- Returns how many there were.
function shares.retag(share, from, to)
  if not share.start then shares.setStart(share, shares.nextTurn(share)) end
  local ids = redis.call('ZRANGE', share.line, from, to)
  for i, id in ipairs(ids) do shares.setTag(share, id, shares.tagAt(share, from + i - 1)) end
  return #ids
end

function shares.activate(share, weight)
  shares.setStart(share, shares.nextTurn(share))
  share.weight = weight
  redis.call('HSET', share.weights, share.client, weight)
  redis.call('HINCRBY', share.state, 'weights:' .. share.class, weight)
end

function shares.deactivate(share)
  redis.call('HDEL', share.weights, share.client)
  redis.call('HINCRBY', share.state, 'weights:' .. share.class, -share.weight)
  if share.start and share.start <= shares.virtualTime(share) then redis.call('ZREM', share.next, share.client) end
  share.weight = nil
end

-- The turn that is next was one unit after the one before it.
function shares.reweigh(share, weight)
  redis.call('HSET', share.weights, share.client, weight)
  redis.call('HINCRBY', share.state, 'weights:' .. share.class, weight - share.weight)
  local start = shares.nextTurn(share) - shares.unit(share.weight) + shares.unit(weight)
  share.weight = weight
  shares.setStart(share, math.max(shares.virtualTime(share), start))
  shares.retag(share, 0, shares.TURNS - 1)
end

-- What is behind the others of a long line keeps its order among them, also after some of them have gone.
function shares.tagOfLast(share, rank)
  local tag = shares.tagAt(share, rank)
  if rank < shares.TURNS then return tag end
  local before = redis.call('ZRANGE', share.line, rank - 1, rank - 1)[1]
  local score = tonumber(redis.call('ZSCORE', share.prioritized, before))
  if not score or math.floor(score / shares.SPAN) ~= share.class then return tag end
  return math.max(tag, score - share.class * shares.SPAN)
end

-- What is new is behind all that was placed before it: their times are promised. Ids do not say who came first when
-- several are accepted at once, or by producers whose clocks differ.
function shares.scoreInLine(share, id, kind)
  if kind ~= shares.FRESH then return kind end
  local own = tonumber(redis.call('ZSCORE', share.line, id))
  if own and own >= kind then return own end
  local last = redis.call('ZREVRANGE', share.line, 0, 0, 'WITHSCORES')
  local score = tonumber(last[2])
  if not score or score < kind then return kind end
  return last[1] < id and score or score + shares.LATER
end

-- Puts a waiting verification in its place in its client's line.
function shares.join(share, id, kind)
  share.placing = id
  local weight = shares.weightNow(share)
  if not share.weight then
    shares.activate(share, weight)
  elseif share.weight ~= weight or not share.start then
    shares.reweigh(share, weight)
  end
  redis.call('ZADD', share.line, shares.exact(shares.scoreInLine(share, id, kind)), id)
  local rank, last = redis.call('ZRANK', share.line, id), redis.call('ZCARD', share.line) - 1
  shares.forceTag(share, id, rank == last and shares.tagOfLast(share, rank) or shares.tagAt(share, rank))
  if rank < last and rank < shares.TURNS then shares.retag(share, rank + 1, shares.TURNS) end
end

-- Takes a verification out of its client's line. Its turn goes to the one behind it.
function shares.leave(share, id)
  local rank = redis.call('ZRANK', share.line, id)
  if not rank then return end
  redis.call('ZREM', share.line, id)
  if not share.weight then return end
  if redis.call('EXISTS', share.line) == 0 then
    shares.deactivate(share)
  elseif rank < shares.TURNS then
    shares.retag(share, rank, shares.TURNS - 1)
  end
end

-- Takes the client's next turn for a call, and returns its tag.
function shares.takeTurn(share)
  local tag = shares.nextTurn(share)
  shares.setStart(share, tag + shares.unit(share.weight or shares.weightNow(share)))
  return tag
end

function shares.claimTurn(share, id)
  local tag = shares.takeTurn(share)
  local rank = redis.call('ZRANK', share.line, id)
  if rank then redis.call('ZREM', share.line, id) end
  if not share.weight then return tag end
  local retagged = shares.retag(share, rank == 0 and shares.TURNS - 1 or 0, shares.TURNS - 1)
  if retagged == 0 and redis.call('EXISTS', share.line) == 0 then shares.deactivate(share) end
  return tag
end

-- A turn for which no call was made. One that is not known any more is long past.
function shares.giveTurnBack(share)
  if not share.start then return end
  shares.setStart(share, math.max(0, share.start - shares.unit(share.weight or shares.weightNow(share))))
  if share.weight then shares.retag(share, 0, shares.TURNS - 1) end
end

-- The turn is over, asked or not: it goes back to its client when no call was made in it.
function shares.endTurn(tag, priority, client, id, wasCalled)
  redis.call('ZREM', shareUnaskedKey(tag, shares.classOf(priority)), id)
  if not wasCalled then shares.giveTurnBack(shares.of(tag, priority, client)) end
end

-- One more call than the claim has taken a turn for.
function shares.chargeTurn(share)
  shares.takeTurn(share)
  if share.weight then shares.retag(share, 0, shares.TURNS - 1) end
end
