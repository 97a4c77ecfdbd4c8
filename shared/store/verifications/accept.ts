import { STORED_FIELDS, type StoredOptions } from '../../contract/submission-fields.ts';
import type { SealedSubject } from '../../sealing/seal.ts';
import type { StoreKeys } from '../keys.ts';
import type { Transaction } from '../redis/redis-client.ts';
import { type LoadedScripts, loadScript } from '../redis/script.ts';
import { isPhotoPiece } from '../subjects/photo-pieces.ts';
import type { SubjectFields } from '../subjects/subject-store.ts';
import { type PromiseOffer, promisedTime, promiseFields, queuePromise } from './promise.ts';
import { newRecord, type VerificationRecord } from './verification-record.ts';

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
  /** Absent where nothing can be promised. */
  readonly promise?: PromiseOffer;
  /** Redis keys of sorted sets in which it must stand, its jobs' places: otherwise nothing is written. */
  readonly places?: readonly string[];
}

const acceptScript = loadScript(new URL('../scripts/accept.lua', import.meta.url));

/**
 * Queues the writing of record, sealed subject and indexes into a transaction.
 *
 * @param kept what the store of subjects has returned for the ciphertext
 * @param loaded which scripts the server has; without it they go there as texts
 * @returns where the reply to its promise will be among the replies to what was queued here
 */
export function queueAcceptance(
  transaction: Transaction,
  keys: StoreKeys,
  acceptance: Acceptance,
  kept: SubjectFields,
  loaded?: LoadedScripts,
): number {
  const { id, sealed, places = [] } = acceptance;
  const { photo, others } = partKept(kept);
  const before = queuePhoto(transaction, keys.arrivingPhoto(id), photo);
  const options = Object.entries(optionalFields(acceptance)).flat();
  acceptScript.appendTo(
    transaction,
    [
      keys.record(id),
      keys.subject(id),
      keys.unfinishedIndex(),
      keys.photosStored(),
      keys.reservedPlaces(acceptance.clientId),
      keys.arrivingPhoto(id),
    ],
    [
      id,
      acceptance.clientId,
      acceptance.submittedAt,
      keys.tag,
      sealed.wrappedKey,
      places.length,
      options.length,
      photo.length > 0 ? '1' : '0',
      ...places,
      ...options,
      ...others,
    ],
    loaded,
  );
  const { answerBy, promise } = acceptance;
  if (promise !== undefined) queuePromise(transaction, keys, acceptance, promise, loaded);
  // One whose acceptance came to nothing is taken off when its time comes.
  if (answerBy !== undefined) transaction.zadd(keys.deadlines(), Date.parse(answerBy), id);
  return before + 1;
}

/** Of a transaction that fails before its script has run. */
const ARRIVING_KEPT_MS = 60_000;

/** @returns how many commands were queued */
function queuePhoto(transaction: Transaction, arriving: string, photo: SubjectFields): number {
  if (photo.length === 0) return 0;
  // What a transaction before has left may have more pieces.
  transaction.del(arriving);
  // BullMQ's transactions have an `hset` of their own, which takes an object.
  transaction.call('hset', [arriving, ...photo]);
  transaction.pexpire(arriving, ARRIVING_KEPT_MS);
  return 3;
}

/** Names and values in turn, those of the photo apart. */
function partKept(kept: SubjectFields): { readonly photo: SubjectFields; readonly others: SubjectFields } {
  const photo: (string | Buffer)[] = [];
  const others: (string | Buffer)[] = [];
  for (let i = 0; i < kept.length; i += 2) {
    const part = isPhotoPiece(String(kept[i])) ? photo : others;
    part.push(...kept.slice(i, i + 2));
  }
  return { photo, others };
}

/**
 * The record's hash as an acceptance has written it.
 *
 * @param promised the reply to its promise: see {@link queueAcceptance}; without it the promise is left out
 */
export function acceptedHash(acceptance: Acceptance, promised?: unknown): Readonly<Record<string, string>> {
  const { id, clientId, submittedAt, promise } = acceptance;
  const always = { id, client: clientId, submittedAt: String(submittedAt), status: 'queued' };
  const fields = promise === undefined ? {} : promiseFields(promise, promised);
  return { ...always, ...optionalFields(acceptance), ...fields };
}

/**
 * The record as an acceptance has written it: what `parseRecord` makes of {@link acceptedHash}, at a tenth of the cost.
 *
 * @param promised the reply to its promise: see {@link queueAcceptance}; without it the promise is left out
 */
export function acceptedRecord(acceptance: Acceptance, promised?: unknown): VerificationRecord {
  const { id, clientId, submittedAt, livemode = null, promise } = acceptance;
  return {
    ...newRecord,
    id,
    clientId,
    submittedAt,
    livemode,
    priority: acceptance.priority,
    reference: acceptance.reference ?? null,
    extra: acceptance.extra ?? null,
    callbackUrl: acceptance.callbackUrl ?? null,
    answerBy: acceptance.answerBy ?? null,
    promise: promise === undefined ? null : promisedTime(promise, promised),
  };
}

/** What the record holds only if the submission gave it, or if it is known. */
function optionalFields(acceptance: Acceptance): Readonly<Record<string, string>> {
  const { livemode, idempotencyClaim } = acceptance;
  const fields: Record<string, string> = {};
  for (const name of STORED_FIELDS) {
    const text = acceptance[name];
    if (text !== undefined) fields[name] = text;
  }
  if (livemode !== undefined) fields['livemode'] = livemode ? '1' : '0';
  if (idempotencyClaim !== undefined) fields['idempotencyClaim'] = idempotencyClaim;
  return fields;
}
