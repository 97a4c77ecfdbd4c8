import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { forgetLua, shredLua } from './lua.ts';

// BullMQ locks a job for as long as a worker is at it, and the lock of a worker that died expires within seconds. The
// event of a redelivery has a job of its own (shared/store/endpoints).
const eraseScript = defineScript({
  name: 'erase',
  keys: 9,
  lua: `
${shredLua}
${forgetLua}
local record, subject, log, photosStored, laneIndex, retention, deadLetters, heldEndpoints =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local openRedeliveries = KEYS[9]
local id, indexPrefix, client, jobPrefix, heldPrefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = redis.call('HMGET', record, 'status', 'client', 'redelivery')
if not now[1] or now[2] ~= client then return {'missing'} end
if now[1] == 'verifying' then return {'busy'} end
local jobs = {id}
local redelivered = string.match(now[3] or '', '^(%d+)')
if redelivered then jobs[2] = id .. '-r' .. redelivered end
for _, job in ipairs(jobs) do
  if redis.call('EXISTS', jobPrefix .. job .. ':lock') == 1 then return {'busy'} end
end
for _, endpoint in ipairs(redis.call('SMEMBERS', heldEndpoints)) do
  if string.sub(endpoint, 1, #client + 1) == client .. ' ' then redis.call('ZREM', heldPrefix .. endpoint, id) end
end
shred(subject, photosStored, laneIndex, id)
redis.call('SREM', openRedeliveries, id)
forget(record, log, retention, deadLetters, indexPrefix, id)
return {'erased', unpack(jobs)}
`,
});

export type Erasure =
  /** `deliveryJobs` may still be there; they find nothing to deliver. */
  | { readonly status: 'erased'; readonly deliveryJobs: readonly string[] }
  /** The upstream is being asked, or the event is being delivered, right now. */
  | { readonly status: 'busy' }
  | { readonly status: 'missing' };

/**
 * Deletes a verification and every trace of it in one step, whatever its state: sealed subject, record, delivery log,
 * indexes, the claim of its Idempotency-Key. An event that was not delivered yet never will be.
 *
 * The jobs are removed afterwards, by whoever knows the queues.
 */
export async function eraseVerification(
  redis: Redis,
  keys: LaneKeys,
  { id, clientId }: { id: string; clientId: string },
): Promise<Erasure> {
  const reply = await eraseScript(
    redis,
    [
      keys.record(id),
      keys.subject(id),
      keys.deliveryLog(id),
      keys.photosStored(),
      keys.laneIndex(),
      keys.retention(),
      keys.deadLetters(),
      keys.heldEndpoints(),
      keys.openRedeliveries(clientId),
    ],
    [id, keys.indexPrefix(), clientId, keys.jobKey(keys.deliveryQueue, ''), keys.heldDeliveries('')],
  );
  const [status, ...deliveryJobs] = reply as [Erasure['status'], ...string[]];
  return status === 'erased' ? { status, deliveryJobs } : { status };
}
