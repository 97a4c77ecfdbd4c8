--- Fails.
---
--- Reply: an error.
--- Invariant: none.

return redis.error_reply('NOPE it failed')
