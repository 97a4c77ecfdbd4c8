/**
 * `applyLaneCall` in Lua: the same decision, function by function under the same names, made by Redis on its own clock, so
 * that any number of processes agree. KEYS[1]: the lane's hash. ARGV[1]: `LaneSettings`, ARGV[2]: `LaneCall`, both JSON.
 * Reply: `{now, seq, changes, kind, …}`, read by `parseLaneReply`.
 *
 * Instants are whole microseconds: they fit a double exactly, but not Lua's default number format (14 digits) nor cjson's, hence
 * `%.0f`, and integer replies. What is O(quota) is never read or written as a whole: a call touches one ring entry per slot.
 */
export const LANE_SCRIPT = `
local key = KEYS[1]
local cfg = cjson.decode(ARGV[1])
local call = cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local nowSecond = tonumber(time[1])
local TALLY_SECONDS, MAX_REFUSALS = 640, 32
local MIN_WAIT_US, LAST_CALL_US, FORGET_US = 2000, 20000, 1000000
local NUMBERS = {'size', 'seq', 'from', 'lastUs', 'silentUntilUs', 'pacedUntilUs', 'rateMilli', 'rateAtUs', 'marginUs', 'marginSeq',
  'marginAtUs', 'gateSinceUs', 'gateSeq', 'probeAtUs', 'probeSeq', 'graceUntilUs', 'pausedSinceUs'}
local TEXTS = {'gate', 'gateReason', 'pausedReason', 'personResults', 'refusals', 'line'}

local function int(n) return string.format('%.0f', n) end

local r, was, changes, writes = {}, {}, {}, {}
local slots, tallies = {}, {}

local function load()
  local names = {}
  for _, name in ipairs(NUMBERS) do names[#names + 1] = name end
  for _, name in ipairs(TEXTS) do names[#names + 1] = name end
  local values = redis.call('HMGET', key, unpack(names))
  for i, name in ipairs(NUMBERS) do was[name] = tonumber(values[i] or '-1'); r[name] = math.max(was[name], 0) end
  for i, name in ipairs(TEXTS) do was[name] = values[#NUMBERS + i]; r[name] = was[name] or '' end
  if r.from == 0 then r.from = 1 end
  local refusals, line = {}, {}
  for seq, at in string.gmatch(r.refusals, '(%d+):(%d+)') do
    refusals[#refusals + 1] = {seq = tonumber(seq), atUs = tonumber(at)}
  end
  for id, keyUs, dueUs in string.gmatch(r.line, '([^:,]+):(%d+):(%d+)') do
    line[#line + 1] = {id = id, keyUs = tonumber(keyUs), dueUs = tonumber(dueUs)}
  end
  r.refusals, r.line = refusals, line
end

local function write(name, text)
  writes[#writes + 1] = name
  writes[#writes + 1] = text
end

local function save()
  local refusals, line = {}, {}
  for i, each in ipairs(r.refusals) do refusals[i] = int(each.seq) .. ':' .. int(each.atUs) end
  for i, each in ipairs(r.line) do line[i] = each.id .. ':' .. int(each.keyUs) .. ':' .. int(each.dueUs) end
  r.refusals, r.line = table.concat(refusals, ','), table.concat(line, ',')
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

local function parseTally(text)
  local second, granted, refused = string.match(text or '', '(%d+):(%d+):(%d+)')
  return {second = tonumber(second or '0'), granted = tonumber(granted or '0'), refused = tonumber(refused or '0')}
end

local function change(name, detail) changes[#changes + 1] = {name, detail} end

local function pace()
  local count = math.ceil(r.rateMilli / 1000)
  local spanUs = math.ceil(cfg.windowUs * count * 1000 / r.rateMilli) + r.marginUs
  local gapUs = math.ceil(spanUs / count)
  return count, spanUs, gapUs, math.floor(gapUs * cfg.spacingPermille / 1000)
end

local function tally(granted, refused)
  local index = nowSecond % TALLY_SECONDS
  local there = tallies[index] or parseTally(redis.call('HGET', key, 't' .. int(index)))
  if there.second ~= nowSecond then there = {second = nowSecond, granted = 0, refused = 0} end
  tallies[index] = {second = nowSecond, granted = there.granted + granted, refused = there.refused + refused}
end

local function configure()
  if r.size ~= 0 then
    change('rate', 'quota ' .. int(cfg.quota))
  else
    r.marginUs = cfg.marginStartUs
    r.silentUntilUs = now + cfg.horizonUs
  end
  r.size, r.rateMilli, r.rateAtUs, r.from, r.line = cfg.quota, cfg.quota * 1000, now, r.seq + 1, {}
  local _, spanUs = pace()
  r.pacedUntilUs = now + spanUs
end

local function restarted(why)
  local _, spanUs = pace()
  r.from, r.line = r.seq + 1, {}
  r.silentUntilUs = now + spanUs
  r.pacedUntilUs = r.silentUntilUs + spanUs
  change('restarted', why)
end

local function forgetFuture()
  local interval = r.gate == 'held' and cfg.probeUs or cfg.slowProbeUs
  r.lastUs = now
  r.rateAtUs = math.min(r.rateAtUs, now)
  r.marginAtUs = math.min(r.marginAtUs, now)
  r.gateSinceUs = math.min(r.gateSinceUs, now)
  r.probeAtUs = math.min(r.probeAtUs, now + interval)
  r.graceUntilUs = math.min(r.graceUntilUs, now + cfg.slowProbeUs)
  r.pausedSinceUs = math.min(r.pausedSinceUs, now)
  r.refusals = {}
end

local function settle(news)
  if r.size ~= cfg.quota then configure() end
  if news.seen > r.seq then
    r.seq = news.seen
    restarted('log lost')
  elseif r.lastUs > now + cfg.horizonUs + cfg.batchSpanUs then
    forgetFuture()
    restarted('clock set back')
  elseif news.stepped then
    restarted('clock step')
  end
end

local function writeBack(sent)
  for _, each in ipairs(sent) do
    local seq, sentUs = each[1], each[2]
    if seq >= r.from and seq > r.seq - r.size and seq <= r.seq then
      slots[seq % r.size] = math.min(sentUs, now)
      if r.gate ~= '' and seq == r.probeSeq and sentUs == 0 then r.probeAtUs = now end
    end
  end
end

local function closeGate(gate, reason)
  if r.gate == gate then r.gateReason = reason return end
  r.gate, r.gateReason, r.gateSinceUs, r.gateSeq = gate, reason, now, r.seq
  r.probeAtUs = now + (gate == 'held' and cfg.probeUs or cfg.slowProbeUs)
  r.probeSeq, r.personResults, r.line = 0, '', {}
  change(gate, reason)
end

local function openGate(seq)
  change('resumed', r.gate)
  r.gate, r.gateReason, r.gateSinceUs, r.gateSeq, r.probeAtUs, r.probeSeq, r.personResults = '', '', 0, seq, 0, 0, ''
end

local function remember(about, result)
  local results, failed = {}, 0
  for person, earlier in string.gmatch(r.personResults, '([^:,]+):([01])') do
    if person ~= about then results[#results + 1] = person .. ':' .. earlier end
  end
  results[#results + 1] = about .. ':' .. result
  if #results > cfg.slowWindow then table.remove(results, 1) end
  for _, each in ipairs(results) do
    if string.sub(each, -1) == '1' then failed = failed + 1 end
  end
  r.personResults = table.concat(results, ',')
  if result == '1' and failed >= cfg.slowAfter and now >= r.graceUntilUs then closeGate('slow', 'transient failures') end
end

local function heed(seq, evidence, code, about)
  if seq <= r.gateSeq then return end
  if evidence == 'answered' then
    if r.gate == '' then remember(about, '0') else openGate(seq) end
  elseif evidence == 'failed' then
    if r.gate == '' then remember(about, '1') end
  elseif evidence == 'account_fault' then
    closeGate('held', code)
  elseif evidence == 'maintenance' then
    closeGate('slow', code)
  end
end

local function recentRefusals()
  local recent = 0
  for _, each in ipairs(r.refusals) do
    if each.seq > r.seq - cfg.refusalWindowCalls then recent = recent + 1 end
  end
  return recent
end

local function widenMargin()
  if recentRefusals() >= cfg.refusalBudget and now - r.marginAtUs >= cfg.windowUs then
    local wider = math.min(cfg.marginMaxUs, r.marginUs + cfg.marginUpUs)
    if wider ~= r.marginUs then r.marginUs, r.marginSeq, r.marginAtUs = wider, r.seq, now end
  end
end

local function cutRate()
  local fromSecond = math.max(nowSecond - cfg.foreignWindowSeconds, math.floor(r.rateAtUs / 1000000))
  local granted, refused = 0, 0
  for second = fromSecond + 1, nowSecond do
    local index = second % TALLY_SECONDS
    local each = tallies[index] or parseTally(redis.call('HGET', key, 't' .. int(index)))
    if each.second == second then granted, refused = granted + each.granted, refused + each.refused end
  end
  if refused >= cfg.foreignMinimum and refused * 1000 > granted * cfg.foreignPermille then
    local rate = math.max(1000, math.floor(r.rateMilli * cfg.rateCutPermille / 1000))
    if rate ~= r.rateMilli then
      r.rateMilli, r.rateAtUs = rate, now
      change('rate', 'cut to ' .. int(rate))
    end
  end
end

local function learnRefusal(seq)
  local again = false
  for _, each in ipairs(r.refusals) do again = again or now - each.atUs < cfg.windowUs end
  r.refusals[#r.refusals + 1] = {seq = seq, atUs = now}
  if #r.refusals > MAX_REFUSALS then table.remove(r.refusals, 1) end
  tally(0, 1)
  local pauseUs = again and cfg.windowUs or math.ceil(cfg.windowUs / cfg.quota)
  r.silentUntilUs = math.max(r.silentUntilUs, now + pauseUs)
  widenMargin()
  cutRate()
end

local function relax()
  if r.seq - r.marginSeq >= cfg.marginDownCalls and recentRefusals() == 0 then
    local narrower = math.max(cfg.marginMinUs, r.marginUs - cfg.marginDownUs)
    if narrower ~= r.marginUs then r.marginUs, r.marginSeq = narrower, r.seq end
  end
  local full = cfg.quota * 1000
  if r.rateMilli < full and now - r.rateAtUs >= cfg.rateStepUs then
    r.rateMilli, r.rateAtUs = math.min(full, r.rateMilli + cfg.rateStepMilli), now
    if r.rateMilli == full then change('rate', 'back to the full quota') end
  end
end

local function hear(news)
  settle(news)
  writeBack(news.sent)
  for _, report in ipairs(news.reports) do
    if report[2] == 'refused' then learnRefusal(report[1]) else heed(report[1], report[2], report[3], report[4]) end
  end
  relax()
end

local function nextSlot()
  local count, spanUs, gapUs, softUs = pace()
  local before = r.seq + 1 - count
  local notAfterUs = before < r.from and 0 or slotAt(before % r.size)
  local spacingUs = now < r.pacedUntilUs and gapUs or softUs
  return math.max(now, r.lastUs + spacingUs, notAfterUs + spanUs, r.silentUntilUs)
end

local function grantSlot(atUs)
  r.seq, r.lastUs = r.seq + 1, atUs
  slots[r.seq % r.size] = atUs + cfg.toleranceUs
  tally(1, 0)
end

local function turn(ask, slotUs)
  local keyUs = now - ask.waitedUs - ask.headStartUs
  local others, ahead, waitFor, afterOthersUs = {}, 0, false, 0
  local lastCallUs = math.max(now, slotUs - LAST_CALL_US)
  for _, other in ipairs(r.line) do
    if other.id ~= ask.id and other.dueUs + FORGET_US >= now then
      others[#others + 1] = other
      local before = other.keyUs < keyUs or (other.keyUs == keyUs and other.id < ask.id)
      if before and other.dueUs + cfg.graceUs >= now then
        ahead = ahead + 1
        waitFor = waitFor or other.dueUs <= lastCallUs
        afterOthersUs = math.max(afterOthersUs, other.dueUs + 1000)
      end
    end
  end
  r.line = others
  if not waitFor and slotUs <= now + cfg.horizonUs then return nil end
  local _, _, _, softUs = pace()
  local placeUs = slotUs + ahead * softUs - cfg.horizonUs
  local dueUs = math.min(math.max(placeUs, afterOthersUs, now + MIN_WAIT_US), now + cfg.pollUs)
  others[#others + 1] = {id = ask.id, keyUs = keyUs, dueUs = dueUs}
  return dueUs
end

local function take(ask)
  if r.pausedSinceUs > 0 then return {'held', 'paused', r.pausedReason, now + cfg.pausePollUs} end
  if r.gate ~= '' and now < r.probeAtUs then return {'held', r.gate, r.gateReason, r.probeAtUs} end
  local slotUs = nextSlot()
  local dueUs = turn(ask, slotUs)
  if dueUs then return {'wait', dueUs} end
  local answer = {'granted', r.seq + 1, r.gate ~= '' and 1 or 0}
  grantSlot(slotUs)
  answer[4] = slotUs
  if r.gate ~= '' then
    r.probeAtUs = slotUs + (r.gate == 'held' and cfg.probeUs or cfg.slowProbeUs)
    r.probeSeq = r.seq
    return answer
  end
  local nextUs = nextSlot()
  while #answer - 3 < ask.want and nextUs <= slotUs + cfg.batchSpanUs do
    grantSlot(nextUs)
    answer[#answer + 1] = nextUs
    nextUs = nextSlot()
  end
  return answer
end

local function pause(reason)
  if r.pausedSinceUs == 0 then
    r.pausedSinceUs, r.line = now, {}
    change('paused', reason)
  end
  r.pausedReason = reason
end

local function resume()
  if r.gate == '' and r.pausedSinceUs == 0 then return end
  r.graceUntilUs = now + cfg.slowProbeUs
  if r.gate ~= '' then openGate(r.seq) end
  if r.pausedSinceUs > 0 then
    r.pausedSinceUs, r.pausedReason = 0, ''
    change('resumed', 'paused')
  end
end

load()
hear(call.news)
local answer = {'told'}
if call.op == 'take' then answer = take(call.ask)
elseif call.op == 'hold' then closeGate('held', call.reason)
elseif call.op == 'pause' then pause(call.reason)
elseif call.op == 'resume' then resume()
end
local seq = r.seq
save()
return {now, seq, changes, unpack(answer)}
`;
