--- Writes down whether the real upstream answers a verification, before its outcome.
---
--- KEYS[1] record         hash
--- ARGV[1] livemode       '1' or '0'
---
--- Reply: 1.
--- Invariant: What was answered stays what it was, and a record that was erased does not come back.

if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], 'outcome') == 0 then
  redis.call('HSET', KEYS[1], 'livemode', ARGV[1])
end
return 1
