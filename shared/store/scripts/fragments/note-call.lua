--- Writes a call into record and ledger, once however often it is sent. An empty attempt is no call.
---
--- Calls that are counted and not listed come one a minute for days while an account is suspended: the ids of the
--- last 16 are kept, each a token of 12 characters and a space.
--- @include "clear-mark.lua"
--- @include "known-call.lua"
--- @include "list-call.lua"
--- @include "count-call.lua"
--- @include "uncount-call.lua"
local UNLISTED_KEPT = 16 * 13
local function isUnlisted(record, id)
  return id ~= '' and string.find(redis.call('HGET', record, 'unlistedCalls') or '', id, 1, true) ~= nil
end
local function noteCall(record, tag, id, attempt, isListed, day, entry)
  if attempt == '' then return end
  clearMark(record, id)
  local known = knownCall(record, id)
  if known and known.isGuess then
    uncountCall(tag, known.day, known.entry)
    countCall(tag, known.day, entry)
    redis.call('HSET', record, 'attempt:' .. known.nth, attempt,
      'call:' .. id, known.nth .. ' ' .. known.day .. ' ' .. entry)
    redis.call('HINCRBY', record, 'revision', 1)
  elseif not known and not isUnlisted(record, id) then
    countCall(tag, day, entry)
    if isListed == '1' then
      listCall(record, id, attempt, '', day, entry)
    elseif id ~= '' then
      local ids = (redis.call('HGET', record, 'unlistedCalls') or '') .. id .. ' '
      redis.call('HSET', record, 'unlistedCalls', string.sub(ids, -UNLISTED_KEPT))
    end
  end
end
