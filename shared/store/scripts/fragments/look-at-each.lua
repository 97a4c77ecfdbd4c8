--- Looks at each id by itself: what cannot be read takes no other with it. Returns the looks as a JSON array.
local function lookAtEach(ids, look)
  local found = {}
  for i, id in ipairs(ids) do
    local ok, result = pcall(look, id)
    found[i] = ok and result or {'unreadable'}
  end
  return cjson.encode(found)
end
