--- Takes a verification off the lists of all of a namespace. What it is called there is in its record.
local function leaveLists(record, indexPrefix, id)
  redis.call('ZREM', indexPrefix .. '-all', id)
  redis.call('ZREM', indexPrefix .. '-undelivered', id)
  local reference = redis.call('HGET', record, 'reference')
  if reference then redis.call('ZREM', indexPrefix .. '-references', reference .. ' ' .. id) end
end
