--- Counts for the console's charts: what happened in which minute of the last day, and in which hour of the last 30.
---
--- A hash of an hour has a field for each of its minutes and series, one of a day a field for each of its hours. Both
--- expire by themselves. A hash takes no more fields when it has 4,000: an upstream that invents codes must not fill
--- Redis.
--- @keys historyMinutes, historyHours
--- @include "add-to-ledger.lua"
local HISTORY_FIELDS, MINUTES_KEPT_SECONDS, HOURS_KEPT_SECONDS = 4000, 25 * 3600, 31 * 86400
local function addToHistory(key, field, by, keptSeconds)
  local total = addToLedger(key, field, by)
  if total ~= by then return end
  redis.call('EXPIRE', key, keptSeconds)
  if redis.call('HLEN', key) > HISTORY_FIELDS then redis.call('HDEL', key, field) end
end
-- Returns the hour.
local function countHistory(tag, series, by)
  local minute = math.floor(redis.call('TIME')[1] / 60)
  local hour = math.floor(minute / 60)
  addToHistory(historyMinutesKey(tag, hour), minute % 60 .. '|' .. series, by, MINUTES_KEPT_SECONDS)
  addToHistory(historyHoursKey(tag, math.floor(hour / 24)), hour % 24 .. '|' .. series, by, HOURS_KEPT_SECONDS)
  return hour
end
