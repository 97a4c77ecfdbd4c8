--- Takes the call whose mark stands for lost, unless it is `except`: the upstream may have billed a call whose
--- answer is not known. The call itself is not over for that; its answer corrects what is noted here.
--- @include "standing-mark.lua"
--- @include "list-call.lua"
--- @include "count-call.lua"
local function noteLostCall(record, tag, client, code, day, except)
  local id, at = standingMark(record)
  if not id or (id ~= '' and id == except) then return end
  local entry = client .. '|' .. code .. '|unknown'
  local attempt = cjson.encode({ at = at, durationMs = cjson.null, code = code, requestId = cjson.null })
  listCall(record, id, attempt, '?', day, entry)
  redis.call('HSET', record, 'fateUnknown', '1')
  redis.call('HDEL', record, 'sentAt', 'sentCall')
  countCall(tag, day, entry)
end
