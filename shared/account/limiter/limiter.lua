--- Runs one command of one process on the limiter: what it reports, then what it asks for.
--- Redis' own clock decides, so any number of processes agree. test/model has the same decision in TypeScript,
--- function by function under the same names.
---
--- KEYS[1] quota     hash: all that the limiter knows
--- ARGV[1] settings  `LimiterSettings` as JSON
--- ARGV[2] command   `LimiterCommand` as JSON
---
--- Reply: JSON, read by `parseLimiterReply`: [now, newest slot, changes, kind, …]. Numbers are texts.
--- Invariant: between any `quota + 1` slots in a row lie one second and the margin at least, however late they were
--- used. A command that is sent again changes nothing, and gets the reply that was lost.
---
--- Instants are whole microseconds. They fit a double exactly, but neither Lua's default number format (14 digits)
--- nor that of cjson, hence `%.0f` and texts. What is O(quota) is never read or written as a whole: a slot costs one
--- entry of the ring.

local key = KEYS[1]
local cfg = cjson.decode(ARGV[1])
local command = cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local nowSecond = tonumber(time[1])

local r, changes = {}, {}

local function int(n) return string.format('%.0f', n) end
local function change(name, detail) changes[#changes + 1] = {name, detail} end

--- @include "fragments/resend.lua"
--- @include "fragments/record.lua"
--- @include "fragments/lost-time.lua"
--- @include "fragments/slots.lua"
--- @include "fragments/circuit.lua"
--- @include "fragments/feedback.lua"
--- @include "fragments/waiters.lua"

local function applyReports(reports)
  bringUpToDate(reports)
  writeBack(reports.sent)
  for _, report in ipairs(reports.attempts) do
    local seq, evidence, code, about = report[1], report[2], report[3], report[4]
    if evidence == 'refused' then learnRefusal(seq) else applyReport(seq, evidence, code, about) end
  end
  relax()
end

local function reserve(request)
  if r.pausedSinceUs > 0 then return {'closed', 'paused', r.pausedReason, int(now + cfg.pausePollUs)} end
  if r.gate ~= '' and now < r.probeAtUs then return {'closed', r.gate, r.gateReason, int(r.probeAtUs)} end
  local slotUs = nextSlot()
  local dueUs = turn(request, slotUs)
  if dueUs then return {'wait', int(dueUs)} end
  local isProbe = r.gate ~= ''
  local answer = {'reserved', int(r.seq + 1), isProbe and '1' or '0', int(slotUs)}
  grantSlot(slotUs)
  if isProbe then
    r.probeAtUs = slotUs + probeInterval(r.gate)
    r.probeSeq = r.seq
    return answer
  end
  local nextUs = nextSlot()
  while #answer - 3 < request.want and nextUs <= slotUs + cfg.batchSpanUs do
    grantSlot(nextUs)
    answer[#answer + 1] = int(nextUs)
    nextUs = nextSlot()
  end
  return answer
end

local function pause(reason)
  if r.pausedSinceUs == 0 then
    r.pausedSinceUs, r.waiters = now, {}
    change('paused', reason)
  end
  r.pausedReason = reason
end

local function resume()
  if r.gate == '' and r.pausedSinceUs == 0 then return end
  r.graceUntilUs = now + cfg.slowProbeUs
  if r.gate ~= '' then open(r.seq) end
  if r.pausedSinceUs > 0 then
    r.pausedSinceUs, r.pausedReason = 0, ''
    change('resumed', 'paused')
  end
end

local function run()
  load()
  addLostTime()
  -- An operator need not know the workers' quota, and must not set the limiter back to another one.
  if command.op == 'pause' or command.op == 'resume' then cfg.quota = r.size > 0 and r.size or cfg.quota end
  applyReports(command.reports)
  local answer = {'reported'}
  if command.op == 'reserve' then
    answer = reserve(command.request)
  elseif command.op == 'pause' then
    pause(command.reason)
  elseif command.op == 'resume' then
    resume()
  end
  startLostTime()
  save()
  return encodeReply(answer)
end

local lost = replyOfResent()
if lost then return lost end
local reply = run()
rememberReply(reply)
return reply
