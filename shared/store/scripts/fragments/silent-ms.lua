--- A worker without a heartbeat for so long, in ms of Redis' clock, is dead or stands still, as far as Redis can
--- know.
local SILENT_MS = 3000
