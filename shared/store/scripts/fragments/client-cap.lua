--- A limit in a field of a client, or nil: as `storedLimit` of shared/store/clients/client-limits.ts reads it.
local function clientCap(client, field)
  local text = redis.call('HGET', client, field)
  if not text or #text > 9 or not string.match(text, '^%d+$') then return nil end
  return tonumber(text)
end
