-- What refusals teach. Two controllers, because two causes call for opposite answers: requests that bunch up on the
-- way (the margin), and another user of the same account (the rate goes down at once and comes back slowly).
local MAX_REFUSALS = 32

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
    local each = tallyAt(second)
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

-- A lone refusal is a request that came a few milliseconds early: one slot's pause is enough. A second one within a
-- second says that the upstream's second is full of another's requests, and that second lasts at most one window
-- more.
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

-- For how many calls the margin stays as it is. A new limiter starts with a wide one, because nothing is known of the
-- way to the upstream. Until the first refusal it narrows in shorter steps, after the first one; after a refusal the
-- narrowest are tried rarely.
local function callsToNarrow()
  if r.marginAtUs == 0 then return r.marginSeq > 0 and cfg.marginFirstDownCalls or cfg.marginDownCalls end
  return r.marginUs > cfg.marginTrialUs and cfg.marginDownCalls or cfg.marginTrialCalls
end

-- Quiet time: the margin narrows, the rate comes back.
local function relax()
  local calls = callsToNarrow()
  if r.seq - r.marginSeq >= calls and recentRefusals() == 0 then
    local narrower = math.max(cfg.marginMinUs, r.marginUs - cfg.marginDownUs)
    if narrower ~= r.marginUs then r.marginUs, r.marginSeq = narrower, r.seq end
  end
  local full = cfg.quota * 1000
  if r.rateMilli < full and now - r.rateAtUs >= cfg.rateStepUs then
    r.rateMilli, r.rateAtUs = math.min(full, r.rateMilli + cfg.rateStepMilli), now
    if r.rateMilli == full then change('rate', 'back to the full quota') end
  end
end
