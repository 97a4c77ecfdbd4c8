--- Claims an Idempotency-Key for one submission.
---
--- KEYS[1] newest         hash, of the key under the newest sealing key
--- ARGV[1] id             of the verification
--- ARGV[2] digest         of the submission
--- ARGV[3] lifetimeMs
--- ARGV[4] abandonedAfterMs  a claim without a verification for so long belongs to a request that died
--- ARGV[5] tag            what the store's keys begin with
--- ARGV[6..]              hashes of the same key under earlier sealing keys
---
--- Reply: {'claimed', 'taken' or 'in_progress', Redis key, id, digest} of the claim that stands now.
--- Invariant: A request that takes over an abandoned claim renews it, so that of several repeats one goes on and
--- the others wait. The clock is Redis': the producers' own may differ.

--- @keys record
--- @include "fragments/now-ms.lua"

local id, digest, lifetimeMs, abandonedAfterMs, tag = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = nowMs()
local candidates = {KEYS[1], unpack(ARGV, 6)}
for _, key in ipairs(candidates) do
  local claim = redis.call('HMGET', key, 'id', 'digest', 'at')
  if claim[1] then
    if redis.call('EXISTS', recordKey(tag, claim[1])) == 1 then return {'taken', key, claim[1], claim[2]} end
    if now - tonumber(claim[3]) < tonumber(abandonedAfterMs) then return {'in_progress', key, claim[1], claim[2]} end
    redis.call('HSET', key, 'at', string.format('%.0f', now))
    return {'claimed', key, claim[1], claim[2]}
  end
end
redis.call('HSET', KEYS[1], 'id', id, 'digest', digest, 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], lifetimeMs)
return {'claimed', KEYS[1], id, digest}
