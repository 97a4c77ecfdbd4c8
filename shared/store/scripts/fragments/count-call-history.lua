--- Counts a call of a ledger's entry for the console's charts, by its code.
--- @include "count-history.lua"
local function countCallHistory(tag, entry, by)
  local code = string.match(entry, '^[^|]*|([^|]*)|')
  if code then countHistory(tag, 'call|' .. code, by) end
end
