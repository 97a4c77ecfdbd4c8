--- Appends a call to the attempts of a record. `guess` is `?` for a call that was taken for lost, else empty.
local function listCall(record, id, attempt, guess, day, entry)
  local nth = redis.call('HINCRBY', record, 'attempts', 1)
  redis.call('HSET', record, 'attempt:' .. nth, attempt)
  if id ~= '' then redis.call('HSET', record, 'call:' .. id, guess .. nth .. ' ' .. day .. ' ' .. entry) end
end
