--- Writes an event that brings no outcome into its client's feed, if one of the client's endpoints asks for its type.
--- It costs one command where none does. Keys that cannot be used keep nothing from being done.
---
--- id         of the event, `evt_…`
--- notice     its body without its number; it begins with its type
--- record     of the verification that it is about: it lists the number, so that the event goes with it. nil: none
--- @keys noticeTypes, notices
--- @include "now-ms.lua"
--- @include "number-event.lua"
local function writeNotice(tag, client, id, notice, record)
  local chosen = redis.pcall('HGET', noticeTypesKey(tag), client)
  if type(chosen) ~= 'string' then return end
  local noticeType = string.match(notice, '^{"type":"([^"]+)"')
  if not string.find(' ' .. chosen .. ' ', ' ' .. noticeType .. ' ', 1, true) then return end
  local number = numberEvent(tag, client, id, notice)
  if not number then return end
  redis.pcall('ZADD', noticesKey(tag), string.format('%.0f', nowMs()), client .. ' ' .. number .. ' ' .. id)
  if record then
    local listed = redis.call('HGET', record, 'notices') or ''
    redis.call('HSET', record, 'notices', listed .. number .. ' ')
  end
end
