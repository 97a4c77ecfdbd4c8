import type { ChainableCommander } from 'ioredis';
import { pickFields, STORED_FIELDS, type StoredOptions } from '../../contract/submission-fields.ts';
import type { SealedSubject } from '../../sealing/seal.ts';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { splitPhoto } from './photo-pieces.ts';

export interface Acceptance extends Readonly<StoredOptions> {
  readonly id: string;
  readonly clientId: string;
  /** Whether its lane asks the real upstream; absent when no worker has said so yet. */
  readonly livemode?: boolean;
  /** ms epoch */
  readonly submittedAt: number;
  readonly sealed: SealedSubject;
  /** Redis key of the claim its Idempotency-Key made, so that it can be forgotten with the rest. */
  readonly idempotencyClaim?: string;
  /** Redis keys of sorted sets in which it must stand, its jobs' places: otherwise nothing is written. */
  readonly places?: readonly string[];
}

// The record exists already when a submission whose fate was unknown is repeated under its Idempotency-Key and the
// first one did go through after all: then nothing may be written over it.
//
// Redis does not roll back. A job that could not be added must not leave a record behind: its client could repeat the
// submission for as long as it likes and would always be answered that it was accepted. The other way round, a job
// without a record, ends by itself.
const acceptScript = defineScript({
  name: 'accept',
  keys: 4,
  lua: `
local record, subject, laneIndex, photosStored = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, client, submittedAt, indexPrefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local places, options = tonumber(ARGV[7]), tonumber(ARGV[8])
if redis.call('EXISTS', record) == 1 then return 0 end
for i = 9, 8 + places do
  if not redis.call('ZSCORE', ARGV[i], id) then return redis.error_reply('NOJOB a job could not be added') end
end
redis.call('HSET', record, 'id', id, 'client', client, 'submittedAt', submittedAt, 'status', 'queued',
  unpack(ARGV, 9 + places, 8 + places + options))
redis.call('HSET', subject, 'key', ARGV[5], 'fields', ARGV[6], unpack(ARGV, 9 + places + options))
redis.call('ZADD', laneIndex, submittedAt, id)
redis.call('ZADD', indexPrefix .. '-all', submittedAt, id)
redis.call('ZADD', indexPrefix .. ':' .. client, submittedAt, id)
redis.call('ZADD', indexPrefix .. ':' .. client .. ':queued', submittedAt, id)
local reference = redis.call('HGET', record, 'reference')
if reference then redis.call('ZADD', indexPrefix .. '-references', 0, reference .. ' ' .. id) end
local stored = redis.call('HINCRBY', photosStored, 'now', 1)
if stored > tonumber(redis.call('HGET', photosStored, 'peak') or '0') then
  redis.call('HSET', photosStored, 'peak', stored)
end
return 1
`,
});

/** Queues the writing of record, sealed subject and indexes into a transaction. */
export function queueAcceptance(
  transaction: ChainableCommander,
  keys: LaneKeys,
  acceptance: Acceptance,
): void {
  const { id, sealed, places = [] } = acceptance;
  const options = Object.entries(optionalFields(acceptance)).flat();
  acceptScript.appendTo(
    transaction,
    [keys.record(id), keys.subject(id), keys.laneIndex(), keys.photosStored()],
    [
      id,
      acceptance.clientId,
      acceptance.submittedAt,
      keys.indexPrefix(),
      sealed.wrappedKey,
      sealed.fields,
      places.length,
      options.length,
      ...places,
      ...options,
      ...splitPhoto(sealed.photo),
    ],
  );
}

/** The record's hash as an acceptance writes it. */
export function acceptedHash(acceptance: Acceptance): Readonly<Record<string, string>> {
  const { id, clientId, submittedAt } = acceptance;
  const always = { id, client: clientId, submittedAt: String(submittedAt), status: 'queued' };
  return { ...always, ...optionalFields(acceptance) };
}

/** What of the record is there only if the submission gave it, or if it is known. */
function optionalFields(acceptance: Acceptance): Readonly<Record<string, string>> {
  const { livemode, idempotencyClaim } = acceptance;
  const fields = {
    ...pickFields(acceptance, STORED_FIELDS),
    livemode: livemode === undefined ? undefined : livemode ? '1' : '0',
    idempotencyClaim,
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  );
}
