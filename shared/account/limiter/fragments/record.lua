-- The limiter's record `r`, as the fields of its hash; what is missing is 0 or empty, so an empty hash is a new
-- limiter. Only what changed is written. `s<n>` are the ring of slots, `t<n>` what happened in a second; `line` are
-- the waiters.
local TALLY_SECONDS = 640
local NUMBERS = {'size', 'seq', 'from', 'lastUs', 'silentUntilUs', 'formerClockUntilUs', 'pacedUntilUs', 'rateMilli',
  'rateAtUs', 'marginUs', 'marginSeq', 'marginAtUs', 'gateSinceUs', 'gateSeq', 'probeAtUs', 'probeSeq', 'graceUntilUs',
  'pausedSinceUs', 'lostSinceUs', 'lostPausedUs', 'lostHeldUs', 'lostSlowUs', 'lostRateUs'}
local TEXTS = {'gate', 'gateReason', 'pausedReason', 'personResults', 'blamed', 'refusals', 'line',
  'history'}
local was = {}
local slots, tallies = {}, {}

local function load()
  local names = {}
  for _, name in ipairs(NUMBERS) do names[#names + 1] = name end
  for _, name in ipairs(TEXTS) do names[#names + 1] = name end
  local values = redis.call('HMGET', key, unpack(names))
  for i, name in ipairs(NUMBERS) do
    was[name] = tonumber(values[i] or '-1')
    r[name] = math.max(was[name], 0)
  end
  for i, name in ipairs(TEXTS) do
    was[name] = values[#NUMBERS + i]
    r[name] = was[name] or ''
  end
  if r.from == 0 then r.from = 1 end
  local refusals, waiters = {}, {}
  for seq, at in string.gmatch(r.refusals, '(%d+):(%d+)') do
    refusals[#refusals + 1] = {seq = tonumber(seq), atUs = tonumber(at)}
  end
  for id, keyUs, dueUs, order in string.gmatch(r.line, '([^:,]+):(%d+):(%d+)([^,]*)') do
    local class, tag = string.match(order, '^:(%d+):(.+)$')
    waiters[#waiters + 1] =
      {id = id, keyUs = tonumber(keyUs), dueUs = tonumber(dueUs), class = tonumber(class), tag = tonumber(tag)}
  end
  r.refusals, r.waiters = refusals, waiters
end

local function save()
  local refusals, waiters, writes = {}, {}, {}
  local function write(name, text)
    writes[#writes + 1] = name
    writes[#writes + 1] = text
  end
  for i, each in ipairs(r.refusals) do refusals[i] = int(each.seq) .. ':' .. int(each.atUs) end
  for i, each in ipairs(r.waiters) do
    waiters[i] = each.id .. ':' .. int(each.keyUs) .. ':' .. int(each.dueUs)
    if each.class then waiters[i] = waiters[i] .. string.format(':%.0f:%.17g', each.class, each.tag) end
  end
  r.refusals, r.line = table.concat(refusals, ','), table.concat(waiters, ',')
  for _, name in ipairs(NUMBERS) do
    if r[name] ~= was[name] then write(name, int(r[name])) end
  end
  for _, name in ipairs(TEXTS) do
    if r[name] ~= was[name] then write(name, r[name]) end
  end
  for index, value in pairs(slots) do write('s' .. int(index), int(value)) end
  for index, each in pairs(tallies) do
    write('t' .. int(index), int(each.second) .. ':' .. int(each.granted) .. ':' .. int(each.refused))
  end
  if #writes > 0 then redis.call('HSET', key, unpack(writes)) end
end

local function slotAt(index)
  if slots[index] == nil then slots[index] = tonumber(redis.call('HGET', key, 's' .. int(index)) or '0') end
  return slots[index]
end

local function tallyAt(second)
  local index = second % TALLY_SECONDS
  if tallies[index] then return tallies[index] end
  local text = redis.call('HGET', key, 't' .. int(index)) or ''
  local at, granted, refused = string.match(text, '(%d+):(%d+):(%d+)')
  return {second = tonumber(at or '0'), granted = tonumber(granted or '0'), refused = tonumber(refused or '0')}
end

local function tally(granted, refused)
  local each = tallyAt(nowSecond)
  if each.second ~= nowSecond then each = {second = nowSecond, granted = 0, refused = 0} end
  tallies[nowSecond % TALLY_SECONDS] =
    {second = nowSecond, granted = each.granted + granted, refused = each.refused + refused}
end
