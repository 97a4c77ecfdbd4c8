import { countCallLua } from './lua.ts';

/** Calls that are counted and not listed come one a minute for days while a lane is held: this many ids are kept of them. */
const UNLISTED_REMEMBERED = 16;
/** A token of `makeRunToken` and a space. */
const TOKEN_AND_SPACE = 13;

/**
 * The mark that a request is leaving: `sentAt`, and in `sentCall` whose it is. A version before this one writes `sentAt`
 * alone, so a `sentCall` that names another time is an old one's.
 *
 * Both functions return the call's id, which is empty where none was named, and its time; nil when nothing is marked.
 */
export const markLua = `
local function standingMark(record)
  local now = redis.call('HMGET', record, 'sentAt', 'sentCall')
  if not now[1] then return nil end
  local id, at = string.match(now[2] or '', '^(%S+) (%S+)$')
  if at == now[1] then return id, at end
  return '', now[1]
end
local function clearMark(record, id)
  if standingMark(record) == id then redis.call('HDEL', record, 'sentAt', 'sentCall') end
end
`;

/** Whether this run still has the verification: another claim, also one of a version before, takes it away. */
export const holdsClaimLua = `
local function holdsClaim(record, worker, token)
  local now = redis.call('HMGET', record, 'claimedBy', 'claimToken')
  return now[1] == worker and now[2] == token
end
`;

/**
 * Writes calls into record and ledger.
 *
 * `call:<id>` says where a call stands: `<number of its attempt> <day> <entry in the ledger>`, with a `?` before it while the
 * call was only taken for lost: its worker had lost the claim before an answer was known. Such a call is corrected by
 * the answer that comes after all. Any other is known already, so a script that is sent again changes nothing.
 */
export const noteCallLua = `
${markLua}
${countCallLua}
local function knownCall(record, id)
  local known = id ~= '' and redis.call('HGET', record, 'call:' .. id)
  if not known then return nil end
  local guess, nth, day, entry = string.match(known, '^(%??)(%d+) (%S+) (.*)$')
  return {isGuess = guess == '?', nth = nth, day = day, entry = entry}
end
local function isUnlisted(record, id)
  return id ~= '' and string.find(redis.call('HGET', record, 'unlistedCalls') or '', id, 1, true) ~= nil
end
local function listCall(record, id, attempt, guess, day, entry)
  local nth = redis.call('HINCRBY', record, 'attempts', 1)
  redis.call('HSET', record, 'attempt:' .. nth, attempt)
  if id ~= '' then redis.call('HSET', record, 'call:' .. id, guess .. nth .. ' ' .. day .. ' ' .. entry) end
end
local function noteCall(record, ledgers, id, attempt, isListed, day, entry)
  if attempt == '' then return end
  clearMark(record, id)
  local known = knownCall(record, id)
  if known and known.isGuess then
    uncountCall(ledgers .. known.day, known.entry)
    countCall(ledgers .. known.day, entry)
    redis.call('HSET', record, 'attempt:' .. known.nth, attempt,
      'call:' .. id, known.nth .. ' ' .. known.day .. ' ' .. entry)
    redis.call('HINCRBY', record, 'revision', 1)
  elseif not known and not isUnlisted(record, id) then
    countCall(ledgers .. day, entry)
    if isListed == '1' then
      listCall(record, id, attempt, '', day, entry)
    elseif id ~= '' then
      local ids = (redis.call('HGET', record, 'unlistedCalls') or '') .. id .. ' '
      redis.call('HSET', record, 'unlistedCalls', string.sub(ids, -${UNLISTED_REMEMBERED * TOKEN_AND_SPACE}))
    end
  end
end
`;

/**
 * Takes the call whose mark stands for lost: the upstream may have billed a call whose answer is not known.
 * The call itself is not over for that; its answer corrects what is noted here.
 */
export const noteLostCallLua = `
local function noteLostCall(record, ledgers, client, code, day, except)
  local id, at = standingMark(record)
  if not id or (id ~= '' and id == except) then return end
  local entry = client .. '|' .. code .. '|unknown'
  listCall(record, id, cjson.encode({ at = at, durationMs = cjson.null, code = code, requestId = cjson.null }), '?', day, entry)
  redis.call('HSET', record, 'fateUnknown', '1')
  redis.call('HDEL', record, 'sentAt', 'sentCall')
  countCall(ledgers .. day, entry)
end
`;
