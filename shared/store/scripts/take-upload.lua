--- Takes an uploaded photo for a submission of the client that it was promised to.
---
--- KEYS[1] upload         hash
--- ARGV[1] client         its id
---
--- Reply: {photoAt, ms until it expires}; {} when it is another client's, was taken, or has expired.
--- Invariant: Of submissions at the same time one gets it.

if redis.call('HGET', KEYS[1], 'client') ~= ARGV[1] then return {} end
local photoAt, left = redis.call('HGET', KEYS[1], 'photoAt'), redis.call('PTTL', KEYS[1])
redis.call('DEL', KEYS[1])
return {photoAt, tostring(left)}
