-- The circuit breaker before the slots: open, `slow` (the upstream is in maintenance, or attempts about most people
-- fail) or `held` (the account is at fault). While it is closed to all but probes, one slot per interval is given,
-- and the first answer ends that. Evidence counts only if its slot was given after the last change: requests that
-- were under way before say nothing about what came since.
--
-- Repeats about one person are one piece of evidence. Slowness takes many people. A fault of the account is believed
-- at once, but each person is believed once: `blamed` are those whose faults have closed it, until they are answered.
-- Otherwise one verification that a proxy always turns away would hold all others again and again.

local function probeInterval(gate) return gate == 'held' and cfg.probeUs or cfg.slowProbeUs end

local function close(gate, reason)
  r.gate, r.gateReason, r.gateSinceUs, r.gateSeq = gate, reason, now, r.seq
  r.probeAtUs = now + probeInterval(gate)
  r.probeSeq, r.personResults, r.waiters = 0, '', {}
  change(gate, reason)
end

local function open(seq)
  change('resumed', r.gate)
  r.gate, r.gateReason, r.gateSinceUs, r.gateSeq, r.probeAtUs, r.probeSeq, r.personResults = '', '', 0, seq, 0, 0, ''
end

-- A newer result about a person takes the place of the older one, at the end.
local function addResult(about, result)
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
  if result == '1' and failed >= cfg.slowAfter and now >= r.graceUntilUs then close('slow', 'transient failures') end
end

local function withoutBlamed(about)
  local others, found = {}, false
  for person in string.gmatch(r.blamed, '[^,]+') do
    if person == about then found = true else others[#others + 1] = person end
  end
  return others, found
end

local function closeFor(about, gate, reason)
  if r.gate == gate then
    r.gateReason = reason
    return
  end
  local blamed, isBlamed = withoutBlamed(about)
  if isBlamed then return end
  blamed[#blamed + 1] = about
  if #blamed > cfg.slowWindow then table.remove(blamed, 1) end
  r.blamed = table.concat(blamed, ',')
  close(gate, reason)
end

local function applyReport(seq, evidence, code, about)
  if seq <= r.gateSeq then return end
  if evidence == 'answered' then
    r.blamed = table.concat(withoutBlamed(about), ',')
    if r.gate == '' then addResult(about, '0') else open(seq) end
  elseif evidence == 'failed' then
    if r.gate == '' then addResult(about, '1') end
  elseif evidence == 'account_fault' then
    closeFor(about, 'held', code)
  elseif evidence == 'maintenance' then
    closeFor(about, 'slow', code)
  end
end
