-- How long the limiter gave no slots, or fewer than the quota, added up by the reason since it began: a promised time
-- is put off by what is added after the promise. Between two commands nothing of it changes, so the state that was
-- loaded held until now. While nothing is lost, nothing is written.

-- What is lost of each second, in thousandths, and under which name.
local function lostNow()
  if r.pausedSinceUs > 0 then return 1000, 'lostPausedUs' end
  if r.gate == 'held' then return 1000, 'lostHeldUs' end
  if r.gate == 'slow' then return 1000, 'lostSlowUs' end
  local full = r.size * 1000
  if r.rateMilli < full then return math.floor((full - r.rateMilli) * 1000 / full), 'lostRateUs' end
  return 0, nil
end

local function addLostTime()
  local permille, name = lostNow()
  if name and r.lostSinceUs > 0 then
    r[name] = r[name] + math.floor(math.max(0, now - r.lostSinceUs) * permille / 1000)
  end
end

local function startLostTime()
  local _, name = lostNow()
  r.lostSinceUs = name and now or 0
end
