--- Writes an accepted verification: record, sealed subject and indexes, behind its two jobs in one transaction.
---
--- KEYS[1] record         hash
--- KEYS[2] subject        hash
--- KEYS[3] unfinishedIndex  sorted set
--- KEYS[4] photosStored   hash
--- KEYS[5] reserved       sorted set of the client's reserved places
--- KEYS[6] arriving       hash: the photo, until it becomes a part of the subject
--- ARGV[1] id
--- ARGV[2] client         its id
--- ARGV[3] submittedAt    ms epoch
--- ARGV[4] tag            what the store's keys begin with
--- ARGV[5] wrappedKey     bytes
--- ARGV[6] places         how many follow
--- ARGV[7] options        how many names and values follow
--- ARGV[8] hasArrived     '1': the photo has come as `arriving`, in this transaction
--- ARGV[9..]              places: sorted sets in which the jobs must be; options: fields of the record, name and value
---                        in turn; then what the store of subjects keeps beside the key, name and value in turn,
---                        `photoAt` first where the photo lies outside Redis
---
--- Reply: 1; 0 when the record exists; the error NOJOB when a job has no place; the error NOPHOTO when its photo is
--- not expected any more.
--- Invariant: A record that exists is never written over: it does when a submission that got no answer is
--- repeated under its Idempotency-Key and the first one did go through. Redis does not roll back, so there is no
--- record without its jobs: its client could repeat the submission for as long as it likes, and would always be
--- answered that it was accepted. The other way round, a job without a record ends by itself.
---
--- A photo outside Redis is expected until its verification is accepted, or is deleted: never both. The photo of a
--- repeat is another object than the one that was accepted, and goes.
---
--- A photo that Redis keeps comes by a command of its own, before this script: an argument of a script is copied twice
--- more, and Lua has it to clear away. With 300 kB that was half of what the acceptance cost Redis.

--- @keys allIndex, clientIndex, clientStatusIndex, referenceIndex, photosExpected, photosToDelete
--- @include "fragments/shares.lua"
--- @include "fragments/now-ms.lua"

local record, subject, unfinishedIndex, photosStored, reserved = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local arriving, hasArrived = KEYS[6], ARGV[8] == '1'
local id, client, submittedAt, tag = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local places, options = tonumber(ARGV[6]), tonumber(ARGV[7])
local kept = 9 + places + options
local photoAt = ARGV[kept] == 'photoAt' and ARGV[kept + 1]

local function given(name)
  for i = 9 + places, 8 + places + options, 2 do
    if ARGV[i] == name then return ARGV[i + 1] end
  end
end

local function refuse(why)
  if hasArrived then redis.call('DEL', arriving) end
  return redis.error_reply(why)
end

if redis.call('EXISTS', record) == 1 then
  redis.call('ZREM', reserved, id)
  if hasArrived then redis.call('DEL', arriving) end
  if photoAt and redis.call('ZREM', photosExpectedKey(tag), photoAt) == 1 then
    redis.call('ZADD', photosToDeleteKey(tag), nowMs(), photoAt)
  end
  return 0
end
local isInPlace = {}
for i = 9, 8 + places do
  if not redis.call('ZSCORE', ARGV[i], id) then return refuse('NOJOB a job could not be added') end
  isInPlace[ARGV[i]] = true
end
if photoAt and redis.call('ZREM', photosExpectedKey(tag), photoAt) == 0 then
  return refuse('NOPHOTO its photo came too long ago')
end
if hasArrived then
  redis.call('RENAME', arriving, subject)
  redis.call('PERSIST', subject)
end
redis.call('HSET', record, 'id', id, 'client', client, 'submittedAt', submittedAt, 'status', 'queued',
  unpack(ARGV, 9 + places, 8 + places + options))
redis.call('HSET', subject, 'key', ARGV[5], unpack(ARGV, kept))
redis.call('ZADD', unfinishedIndex, submittedAt, id)
redis.call('ZADD', allIndexKey(tag), submittedAt, id)
redis.call('ZADD', clientIndexKey(tag, client), submittedAt, id)
redis.call('ZADD', clientStatusIndexKey(tag, client, 'queued'), submittedAt, id)
local reference = given('reference')
if reference then redis.call('ZADD', referenceIndexKey(tag), 0, reference .. ' ' .. id) end
local stored = redis.call('HINCRBY', photosStored, 'now', 1)
if stored > tonumber(redis.call('HGET', photosStored, 'peak') or '0') then
  redis.call('HSET', photosStored, 'peak', stored)
end
redis.call('ZREM', reserved, id)
local share = shares.of(tag, given('priority'), client)
if isInPlace[share.prioritized] or redis.call('ZSCORE', share.prioritized, id) then
  shares.join(share, id, shares.FRESH)
end
return 1
