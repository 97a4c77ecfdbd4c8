-- The processes that wait for a slot. None sleeps inside Redis, so each is given the time at which to come back: when
-- the slot at its place comes within the horizon. One that is overdue by more than the grace is passed over (its
-- process died or was stopped), and so is one that will come only after the slot would have gone by.

-- Two processes cannot keep each other busy.
local MIN_WAIT_US = 2000
-- One that will come later than this long before the slot is not waited for.
local LAST_CALL_US = 20000
local FORGET_US = 1000000

-- Class and tag decide, and of equals who has waited longer. A process of the version before names neither: between it
-- and any other its waiting time decides, to which the urgent add a head start.
local function goesFirst(a, b)
  if a.class and b.class then
    if a.class ~= b.class then return a.class < b.class end
    if a.tag ~= b.tag then return a.tag < b.tag end
  end
  return a.keyUs < b.keyUs or (a.keyUs == b.keyUs and a.id < b.id)
end

-- nil when the slot is this process', otherwise when to come back.
local function turn(request, slotUs)
  local id = command.client
  local order = request.order or {}
  local self =
    {id = id, keyUs = now - request.waitedUs - request.headStartUs, class = order[1], tag = order[2]}
  local others, ahead, waitFor, afterOthersUs = {}, 0, false, 0
  local lastCallUs = math.max(now, slotUs - LAST_CALL_US)
  for _, other in ipairs(r.waiters) do
    if other.id ~= id and other.dueUs + FORGET_US >= now then
      others[#others + 1] = other
      if goesFirst(other, self) and other.dueUs + cfg.graceUs >= now then
        ahead = ahead + 1
        waitFor = waitFor or other.dueUs <= lastCallUs
        afterOthersUs = math.max(afterOthersUs, other.dueUs + 1000)
      end
    end
  end
  r.waiters = others
  if not waitFor and slotUs <= now + cfg.horizonUs then return nil end
  local _, _, _, softUs = pace()
  local placeUs = slotUs + ahead * softUs - cfg.horizonUs
  local dueUs = math.min(math.max(placeUs, afterOthersUs, now + MIN_WAIT_US), now + cfg.pollUs)
  self.dueUs = dueUs
  others[#others + 1] = self
  return dueUs
end
