--- Takes what operators did, as a version before wrote it down, over into the audit trail.
---
--- KEYS[1] activity       stream: operator, action, target, result
--- KEYS[2] waiting        list: '<ms epoch> <event>'
--- KEYS[3] head           hash; its field `adopted` is the last line that was taken over
--- ARGV[1] most           lines
---
--- Reply: how many were taken over.
--- Invariant: Each line is taken over once. The stream stays as it is, for a process of the version before.

local adopted = redis.call('HGET', KEYS[3], 'adopted')
local lines = redis.call('XRANGE', KEYS[1], adopted and '(' .. adopted or '-', '+', 'COUNT', ARGV[1])
for _, line in ipairs(lines) do
  local fields = {}
  for i = 1, #line[2], 2 do fields[line[2][i]] = line[2][i + 1] end
  local event = cjson.encode({
    actorKind = 'operator', actor = fields.operator or '', action = fields.action or '',
    target = fields.target or '', result = fields.result or '', adopted = true,
  })
  redis.call('RPUSH', KEYS[2], string.match(line[1], '^(%d+)') .. ' ' .. event)
  adopted = line[1]
end
if #lines > 0 then redis.call('HSET', KEYS[3], 'adopted', adopted) end
return #lines
