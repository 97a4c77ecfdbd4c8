--- Writes a call into record and ledger, once however often it is sent. An empty attempt is no call. `known` is what
--- the record has of it, where the script has asked already. Returns whether the call is counted for the first time.
---
--- Calls that are counted and not listed come one a minute for days while an account is suspended: the ids of the
--- last 16 are kept, each a token of 12 characters and a space.
--- @include "read-mark.lua"
--- @include "parse-call.lua"
--- @include "list-call.lua"
--- @include "count-call.lua"
--- @include "uncount-call.lua"
local UNLISTED_KEPT = 16 * 13
local function isAmong(ids, id)
  return id ~= '' and string.find(ids or '', id, 1, true) ~= nil
end
local function noteCall(record, tag, id, attempt, isListed, day, entry, known)
  if attempt == '' then return false end
  local now = known or redis.call('HMGET', record, 'sentAt', 'sentCall', 'call:' .. id, 'unlistedCalls')
  if readMark(now[1], now[2]) == id then redis.call('HDEL', record, 'sentAt', 'sentCall') end
  local noted = parseCall(id ~= '' and now[3])
  if noted and noted.isGuess then
    uncountCall(tag, noted.day, noted.entry)
    countCall(tag, noted.day, entry)
    redis.call('HSET', record, 'attempt:' .. noted.nth, attempt,
      'call:' .. id, noted.nth .. ' ' .. noted.day .. ' ' .. entry)
    redis.call('HINCRBY', record, 'revision', 1)
  elseif not noted and not isAmong(now[4], id) then
    countCall(tag, day, entry)
    if isListed == '1' then
      listCall(record, id, attempt, '', day, entry)
    elseif id ~= '' then
      redis.call('HSET', record, 'unlistedCalls', string.sub((now[4] or '') .. id .. ' ', -UNLISTED_KEPT))
    end
    return true
  end
  return false
end
