--- Adds to a count of a ledger. One of another type, or without sense, cannot be counted in: that must keep no
--- call from being noted, and no verification from its outcome. What Redis refuses for another reason is refused.
local function addToLedger(ledger, entry, by)
  local total = redis.pcall('HINCRBY', ledger, entry, by)
  if type(total) ~= 'table' then return total end
  if string.find(total.err, 'WRONGTYPE', 1, true) or string.find(total.err, 'not an integer', 1, true) then return end
  error(total.err, 0)
end
