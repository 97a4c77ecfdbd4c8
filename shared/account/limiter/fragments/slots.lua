-- The log of slots. A slot's instant is a not-before: its request does not leave earlier. What the ring keeps of it
-- is a not-after: its request did not leave later. Slot n opens one window and the margin after the not-after of the
-- slot `count` before it.

-- A fractional rate r is kept as ceil(r) slots in ceil(r)/r seconds.
local function pace()
  local count = math.ceil(r.rateMilli / 1000)
  local spanUs = math.ceil(cfg.windowUs * count * 1000 / r.rateMilli) + r.marginUs
  local gapUs = math.ceil(spanUs / count)
  return count, spanUs, gapUs, math.floor(gapUs * cfg.spacingPermille / 1000)
end

-- A ring of the configured size, empty. A limiter that is new to Redis may be one that Redis lost: what was reserved
-- before is used up first.
local function configure()
  if r.size ~= 0 then
    change('rate', 'quota ' .. int(cfg.quota))
  else
    r.marginUs = cfg.marginStartUs
    r.silentUntilUs = now + cfg.horizonUs
  end
  r.size, r.rateMilli, r.rateAtUs, r.from, r.waiters = cfg.quota, cfg.quota * 1000, now, r.seq + 1, {}
  local _, spanUs = pace()
  r.pacedUntilUs = now + spanUs
end

-- The log cannot be trusted: one span of silence, after which whatever it held is out of every window.
local function restart(why)
  local _, spanUs = pace()
  r.from, r.waiters = r.seq + 1, {}
  r.silentUntilUs = now + spanUs
  r.pacedUntilUs = r.silentUntilUs + spanUs
  change('restarted', why)
end

-- A clock that was set back may be set forward again, and a process that has not asked in between sees no step. So the
-- silence has an end on the clock from before, too: one span after the newest slot.
local function rememberFormerClock()
  local _, spanUs = pace()
  r.formerClockUntilUs = math.max(r.formerClockUntilUs, r.lastUs + cfg.toleranceUs + spanUs)
end

-- Where the clock may be the one from before, its silence counts. It is over when it has ended there, or when the
-- silence has ended by the clock that was set back.
local function mindFormerClock()
  local _, spanUs = pace()
  local reachUs = cfg.toleranceUs + spanUs + cfg.horizonUs + cfg.batchSpanUs
  if now >= r.formerClockUntilUs then
    r.formerClockUntilUs = 0
  elseif now >= r.formerClockUntilUs - reachUs then
    r.silentUntilUs = math.max(r.silentUntilUs, r.formerClockUntilUs)
  elseif now >= r.silentUntilUs then
    r.formerClockUntilUs = 0
  end
end

-- Slots are given at most so far ahead, and no silence is longer than the span of the lowest rate.
local function isSetBack()
  local aheadUs = cfg.horizonUs + cfg.batchSpanUs
  local silenceUs = 2 * cfg.windowUs + cfg.marginMaxUs + cfg.toleranceUs
  return r.lastUs > now + aheadUs or r.silentUntilUs > now + aheadUs + silenceUs
end

-- After a clock was set back, instants from before would close the limiter for as long as the step was.
local function forgetFuture()
  r.lastUs = now
  r.rateAtUs = math.min(r.rateAtUs, now)
  r.marginAtUs = math.min(r.marginAtUs, now)
  r.gateSinceUs = math.min(r.gateSinceUs, now)
  r.probeAtUs = math.min(r.probeAtUs, now + (r.gate == 'held' and cfg.probeUs or cfg.slowProbeUs))
  r.graceUntilUs = math.min(r.graceUntilUs, now + cfg.slowProbeUs)
  r.pausedSinceUs = math.min(r.pausedSinceUs, now)
  r.refusals = {}
end

-- Another server has taken over from the one before. The first process that says so is believed; the silence that
-- follows covers what each of them had reserved.
local function isTakenOver(history)
  if not history or history == r.history then return false end
  r.history = history
  return true
end

local function bringUpToDate(reports)
  if r.size ~= cfg.quota then configure() end
  local takenOver = isTakenOver(reports.newHistory)
  if reports.seen > r.seq then
    r.seq = reports.seen
    restart('log lost')
  elseif isSetBack() then
    rememberFormerClock()
    forgetFuture()
    restart('clock set back')
  elseif reports.stepped then
    rememberFormerClock()
    restart('clock step')
  elseif takenOver then
    restart('another Redis')
  end
  if r.formerClockUntilUs > 0 then mindFormerClock() end
end

-- A log that was lost gives its numbers away again. What a process reports of its slot from before must not change the
-- one that has the number now: its entry is no longer what was granted then.
local function isThatSlot(seq, atUs) return not atUs or slotAt(seq % r.size) == atUs + cfg.toleranceUs end

-- When slots were used, 0 for never. The command comes after the sending, so `now` bounds it too.
local function writeBack(sent)
  for _, each in ipairs(sent) do
    local seq, sentUs, atUs = each[1], each[2], each[3]
    if seq >= r.from and seq > r.seq - r.size and seq <= r.seq and isThatSlot(seq, atUs) then
      slots[seq % r.size] = math.min(sentUs, now)
      if r.gate ~= '' and seq == r.probeSeq and sentUs == 0 then r.probeAtUs = now end
    end
  end
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
