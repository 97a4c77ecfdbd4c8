/**
 * Lua shared by the record's scripts.
 *
 * Index keys are built inside the scripts from the lane's hash tag and the client's id: they carry the same tag as
 * the declared keys, so they live in the same slot (the way BullMQ's own scripts reach job keys).
 */

/** Takes a verification off the lists of all of a lane; what it is called there stands in its record. */
export const leaveListsLua = `
local function leaveLists(record, indexPrefix, id)
  redis.call('ZREM', indexPrefix .. '-all', id)
  redis.call('ZREM', indexPrefix .. '-undelivered', id)
  local reference = redis.call('HGET', record, 'reference')
  if reference then redis.call('ZREM', indexPrefix .. '-references', reference .. ' ' .. id) end
end
`;

/** Moves a verification from one status to another, in the record and in its client's index. */
export const moveStatusLua = `
local function moveStatus(record, indexPrefix, id, to)
  local now = redis.call('HMGET', record, 'status', 'client', 'submittedAt')
  if now[1] == to then return end
  redis.call('ZREM', indexPrefix .. ':' .. now[2] .. ':' .. now[1], id)
  redis.call('ZADD', indexPrefix .. ':' .. now[2] .. ':' .. to, tonumber(now[3]) or 0, id)
  redis.call('HSET', record, 'status', to)
end
`;

/** Deletes the sealed subject, keeps the count of stored photos right, and takes the verification off the waiting ones. */
export const shredLua = `
local function shred(subject, photosStored, laneIndex, id)
  redis.call('ZREM', laneIndex, id)
  if redis.call('DEL', subject) == 1 then
    redis.call('HINCRBY', photosStored, 'now', -1)
  end
end
`;

/**
 * Deletes all that is kept of a verification: record, delivery log, indexes, and the claim of its Idempotency-Key, which
 * would otherwise be taken for an abandoned one; and its place among the events that wait for an address. What is counted stays; it names nobody.
 */
export const forgetLua = `
${leaveListsLua}
local function leaveWaiting(prefix, endpoint, id)
  local waiting = prefix .. ':held-deliveries:' .. endpoint
  if redis.call('ZREM', waiting, id) == 1 and redis.call('EXISTS', waiting) == 0 then
    redis.call('SREM', prefix .. ':held-endpoints', endpoint)
  end
end
local function forget(record, log, retention, deadLetters, indexPrefix, id)
  local now = redis.call('HMGET', record, 'status', 'client', 'idempotencyClaim', 'deliveryStatus', 'callbackUrl')
  if now[4] == 'held' then
    local prefix = string.gsub(indexPrefix, ':index$', '')
    leaveWaiting(prefix, now[2] .. ' none', id)
    local origin = string.match(now[5] or '', '^(https?://[^/]+)')
    if origin then leaveWaiting(prefix, now[2] .. ' ' .. origin, id) end
  end
  redis.call('ZREM', retention, id)
  redis.call('ZREM', deadLetters, id)
  leaveLists(record, indexPrefix, id)
  redis.call('ZREM', indexPrefix .. ':' .. now[2], id)
  redis.call('ZREM', indexPrefix .. ':' .. now[2] .. ':' .. now[1], id)
  if now[3] and redis.call('HGET', now[3], 'id') == id then redis.call('DEL', now[3]) end
  redis.call('DEL', record, log)
end
`;

/** Calls are kept for reconciling the bill: 400 days. */
const LEDGER_KEPT_SECONDS = 400 * 86_400;
/** A client's ledger is one hash a month: its last day must live as long as every other. */
const CLIENT_LEDGER_KEPT_SECONDS = LEDGER_KEPT_SECONDS + 31 * 86_400;

/**
 * Copies a day's count into the ledger of its client, so that a client's usage is read without anybody else's. The day's
 * ledger is the truth: what is copied is its total, so copying twice changes nothing, and a count that an earlier version
 * made is caught up with.
 */
export const copyCallLua = `
local function copyCall(ledger, entry, total)
  local prefix, month, day = string.match(ledger, '^(.*):ledger:(%d+%-%d+)%-(%d+)$')
  local client, rest = string.match(entry, '^([^|]*)|(.*)$')
  if not prefix or not client then return end
  local own = prefix .. ':client-ledger:' .. client .. ':' .. month
  if redis.call('HSET', own, day .. '|' .. rest, total) == 1 then
    redis.call('EXPIRE', own, ${CLIENT_LEDGER_KEPT_SECONDS})
  end
end
`;

export const countCallLua = `
${copyCallLua}
local function countCall(ledger, entry)
  if entry == '' then return end
  local total = redis.call('HINCRBY', ledger, entry, 1)
  if total == 1 then redis.call('EXPIRE', ledger, ${LEDGER_KEPT_SECONDS}) end
  copyCall(ledger, entry, total)
end
local function uncountCall(ledger, entry)
  if entry == '' or redis.call('HEXISTS', ledger, entry) == 0 then return end
  copyCall(ledger, entry, redis.call('HINCRBY', ledger, entry, -1))
end
`;

/** Ends the worker's claim. The in-flight hash holds a counter for each worker process. */
export const releaseClaimLua = `
local function releaseClaim(record, inFlight)
  local worker = redis.call('HGET', record, 'claimedBy')
  if worker then
    if redis.call('HINCRBY', inFlight, worker, -1) <= 0 then redis.call('HDEL', inFlight, worker) end
    redis.call('HDEL', record, 'claimedBy', 'claimToken', 'ranAlone')
  end
end
`;
