--- The body of an event with its number, which comes last.
local function withNumber(event, number)
  if not number then return event end
  return string.sub(event, 1, -2) .. ',"sequence":' .. number .. '}'
end
