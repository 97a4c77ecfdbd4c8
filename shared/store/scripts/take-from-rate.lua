--- Takes one out of a rate, by the generic cell rate algorithm.
---
--- KEYS[1] rate           string that expires by itself
--- ARGV[1] interval       us between two at the allowed rate
--- ARGV[2] burst          how many may come at once after a pause
---
--- Reply: {1 or 0: allowed, how many would be let through right now, ms until the whole burst is allowed again, ms
--- until one more is let through}.
--- Invariant: All that is kept is the instant at which those so far have been worked off at the allowed rate; one
--- more is let through while that lies less than a burst ahead. Exact under concurrency, by Redis' clock. A refusal
--- costs nothing.

local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local before = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = before + interval
local room = burst * interval
if after - now > room then
  return {0, 0, math.ceil((before - now) / 1000), math.ceil((after - now - room) / 1000)}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
local remaining = math.floor((room - (after - now)) / interval + 0.000001)
local nextIn = remaining > 0 and 0 or math.ceil((after + interval - now - room) / 1000)
return {1, remaining, math.ceil((after - now) / 1000), nextIn}
