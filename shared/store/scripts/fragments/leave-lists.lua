--- Takes a verification off the lists of all of a namespace. What it is called there is in its record.
--- @keys allIndex, undeliveredIndex, referenceIndex
local function leaveLists(record, tag, id)
  redis.call('ZREM', allIndexKey(tag), id)
  redis.call('ZREM', undeliveredIndexKey(tag), id)
  local reference = redis.call('HGET', record, 'reference')
  if reference then redis.call('ZREM', referenceIndexKey(tag), reference .. ' ' .. id) end
end
