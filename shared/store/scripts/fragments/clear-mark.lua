--- Takes away the mark of this call. The mark of any other stays.
--- @include "standing-mark.lua"
local function clearMark(record, id)
  if standingMark(record) == id then redis.call('HDEL', record, 'sentAt', 'sentCall') end
end
