--- Deletes the sealed subject, keeps the count of stored photos right, and takes the verification off the waiting
--- ones. A photo that lies outside Redis cannot be opened any more; it is listed for the workers to delete.

--- @keys photosToDelete
--- @include "now-ms.lua"

local function shred(subject, photosStored, unfinishedIndex, tag, id)
  redis.call('ZREM', unfinishedIndex, id)
  local photoAt = redis.call('HGET', subject, 'photoAt')
  if redis.call('DEL', subject) == 1 then redis.call('HINCRBY', photosStored, 'now', -1) end
  if photoAt then redis.call('ZADD', photosToDeleteKey(tag), nowMs(), photoAt) end
end
