--- Appends a call to the attempts of a record. `guess` is `?` for a call that was taken for lost, else empty.
local function listCall(record, id, attempt, guess, day, entry)
  local nth = redis.call('HINCRBY', record, 'attempts', 1)
  local fields = {'attempt:' .. nth, attempt}
  if id ~= '' then fields[3], fields[4] = 'call:' .. id, guess .. nth .. ' ' .. day .. ' ' .. entry end
  redis.call('HSET', record, unpack(fields))
end
