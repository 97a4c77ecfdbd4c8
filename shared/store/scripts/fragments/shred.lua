--- Deletes the sealed subject, keeps the count of stored photos right, and takes the verification off the waiting
--- ones.
local function shred(subject, photosStored, unfinishedIndex, id)
  redis.call('ZREM', unfinishedIndex, id)
  if redis.call('DEL', subject) == 1 then redis.call('HINCRBY', photosStored, 'now', -1) end
end
