-- A connection that breaks before a reply makes the command be sent again. Each process numbers its commands and has
-- one under way at a time, so its last number and reply are all that must be kept to know a command again. They are
-- kept in the field `client:<id>`: `<number> <second> <reply>`. `clients` lists the processes by the second in which
-- they were last written there, once a minute, and who has been silent for ten minutes is forgotten.
local REGISTER_SECONDS, KEPT_SECONDS = 60, 600
local clientField = 'client:' .. command.client
local registeredSecond

local function replyOfResent()
  local known = redis.call('HGET', key, clientField)
  local number, second, reply = string.match(known or '', '^(%d+) (%d+) (.*)$')
  registeredSecond = tonumber(second)
  if number and tonumber(number) >= command.number then return reply end
  return nil
end

local function register()
  local clients = {}
  for id, second in string.gmatch(redis.call('HGET', key, 'clients') or '', '([^:,]+):(%d+)') do
    if math.abs(nowSecond - tonumber(second)) > KEPT_SECONDS then
      redis.call('HDEL', key, 'client:' .. id)
    elseif id ~= command.client then
      clients[#clients + 1] = id .. ':' .. second
    end
  end
  clients[#clients + 1] = command.client .. ':' .. int(nowSecond)
  redis.call('HSET', key, 'clients', table.concat(clients, ','))
  registeredSecond = nowSecond
end

local function rememberReply(reply)
  if not registeredSecond or math.abs(nowSecond - registeredSecond) >= REGISTER_SECONDS then register() end
  redis.call('HSET', key, clientField, int(command.number) .. ' ' .. int(registeredSecond) .. ' ' .. reply)
end

local function encodeReply(answer)
  local changed = #changes == 0 and '[]' or cjson.encode(changes)
  local rest = string.sub(cjson.encode(answer), 2)
  return '["' .. int(now) .. '","' .. int(r.seq) .. '",' .. changed .. ',' .. rest
end
