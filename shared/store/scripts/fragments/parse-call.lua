--- Parses what a record keeps of a call that it lists, or returns nil.
---
--- `call:<id>` is `<number of its attempt> <day> <entry in the ledger>`, with a `?` before it while the call was
--- only taken for lost: its worker had lost the claim before an answer was known. The answer that comes after all
--- corrects such a call. Any other is known already, so that a script that is sent again changes nothing.
local function parseCall(known)
  if not known then return nil end
  local guess, nth, day, entry = string.match(known, '^(%??)(%d+) (%S+) (.*)$')
  return {isGuess = guess == '?', nth = nth, day = day, entry = entry}
end
