import { typeid } from 'typeid-js';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import { type EpochKey, wrapInEpoch } from '../../shared/sealing/epoch-wrap.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { sealSubject } from '../../shared/sealing/seal.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import type { EpochKeys } from '../../shared/store/epochs/epoch-keys.ts';
import { requeueStray } from '../../shared/store/queue/stray-jobs.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import { PhotoStoreUnavailable } from '../../shared/store/subjects/photo-store-state.ts';
import type { Acceptance } from '../../shared/store/verifications/accept.ts';
import type { PromiseOffer } from '../../shared/store/verifications/promise.ts';
import type { LaneView } from '../lane-view.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { type CheckedSubmission, canonicalParts, checkSubmission } from './check-submission.ts';
import { findMissedDeadline, requireDeadline } from './deadline.ts';
import { type Accepted, type EnqueueDeps, enqueueVerification, withdraw } from './enqueue.ts';
import type { PhotoFetcher } from './fetch-photo.ts';
import { claimIdempotencyKey, releaseIdempotencyKey } from './idempotency.ts';
import { type ArrivedPhoto, obtainPhoto } from './obtain-photo.ts';
import type { PromiseOffers } from './offer-promise.ts';
import type { FormReading } from './read-form.ts';
import { giveRoomBack, takeRoom } from './take-room.ts';
import type { Withdrawals } from './withdrawals.ts';

export interface SubmissionRules {
  readonly maxBacklog: number;
  /** Verifications without an outcome of a client that has no cap of its own; 0 sets no limit. */
  readonly maxClientWaiting: number;
  readonly allowInsecureCallbacks: boolean;
  readonly allowCheckDigitFailure: boolean;
  readonly retentionMs: number;
  /** Records kept of one client; 0 sets no limit. */
  readonly maxClientRecords: number;
}

export interface SubmitDeps extends EnqueueDeps {
  readonly keyRing: KeyRing;
  /** Null: subjects are wrapped by the ring alone. */
  readonly epochs: EpochKeys | null;
  readonly lane: LaneView;
  readonly rules: SubmissionRules;
  readonly withdrawals: Withdrawals;
  readonly offers: PromiseOffers;
  /** Those that submissions name by a URL. */
  readonly photos: Pick<PhotoFetcher, 'fetch'>;
  readonly now: () => number;
}

export type Submitted =
  | ({ readonly status: 'accepted'; readonly acceptance: Acceptance } & Accepted)
  /** Its Idempotency-Key stands for this verification already. */
  | { readonly status: 'replayed'; readonly id: string };

/** @throws {ProblemError} */
export async function submitVerification(
  deps: SubmitDeps,
  client: ClientIdentity,
  form: FormReading,
  idempotencyKey: string | null,
): Promise<Submitted> {
  const checked = checkSubmission(deps, client, form);
  const id: string = typeid('ver').toString();
  if (idempotencyKey === null) {
    return accept(deps, client, checked, { id, redisKey: null });
  }
  const claim = await claimIdempotencyKey(deps, {
    clientId: client.id,
    key: idempotencyKey,
    id,
    parts: canonicalParts(checked),
    retentionMs: deps.rules.retentionMs,
  });
  switch (claim.status) {
    case 'claimed':
      return accept(deps, client, checked, claim);
    case 'taken':
      await completeSubmission(deps, claim.id);
      return { status: 'replayed', id: claim.id };
    case 'in_progress':
      throw new ProblemError('in_progress', { headers: retryAfter(1) });
    case 'mismatch':
      throw new ProblemError('idempotency_mismatch');
    default:
      return claim satisfies never;
  }
}

async function accept(
  deps: SubmitDeps,
  client: ClientIdentity,
  { person, photo, options }: CheckedSubmission,
  claim: { readonly id: string; readonly redisKey: string | null },
): Promise<Submitted> {
  const { id, redisKey } = claim;
  let lane: LaneOverview;
  let promise: PromiseOffer | null;
  try {
    promise = await deps.offers.offer(client.id, options.priority);
    await requireDeadline(
      deps,
      { clientId: client.id, priority: options.priority },
      options.answerBy,
      promise,
    );
    lane = await takeRoom(deps, { id, clientId: client.id, weight: client.weight });
  } catch (error) {
    if (redisKey !== null) await release(deps, { id, redisKey });
    throw error;
  }
  let arrived: ArrivedPhoto;
  let epoch: EpochKey | null;
  try {
    epoch = await presentEpoch(deps);
    arrived = await obtainPhoto(deps, client.id, photo);
  } catch (error) {
    await giveRoomBack(deps, { id, clientId: client.id });
    if (redisKey !== null) await release(deps, { id, redisKey });
    throw error instanceof PhotoStoreUnavailable ? unavailable(error) : error;
  }
  const byRing = sealSubject(deps.keyRing, id, { ...person, photo: arrived.bytes });
  const sealed =
    epoch === null ? byRing : { ...byRing, wrappedKey: wrapInEpoch(epoch, id, byRing.wrappedKey) };
  const acceptance: Acceptance = {
    id,
    clientId: client.id,
    submittedAt: deps.now(),
    sealed,
    ...options,
    ...(promise === null ? {} : { promise }),
    ...(lane.livemode === null ? {} : { livemode: lane.livemode }),
    ...(redisKey === null ? {} : { idempotencyClaim: redisKey }),
  };
  const enqueued = await enqueueVerification(deps, acceptance);
  await arrived.end(enqueued.status);
  switch (enqueued.status) {
    case 'accepted':
      await requirePromised(deps, { ...acceptance, completesBy: enqueued.record.promise?.by }, redisKey);
      deps.log.info(
        { event: 'verification_accepted', verification: id, client: client.id, priority: options.priority },
        'verification accepted',
      );
      return { ...enqueued, acceptance };
    case 'refused':
      await giveRoomBack(deps, acceptance);
      if (redisKey !== null) await release(deps, { id, redisKey });
      throw unavailable(enqueued.error);
    case 'unknown':
      // With a key, a repeat finds out; without one nothing could.
      if (redisKey === null) deps.withdrawals.schedule(acceptance);
      throw unavailable(enqueued.error);
    default:
      return enqueued satisfies never;
  }
}

/**
 * Others of the same client may have been accepted since the deadline was looked at, and then it cannot be promised after all: the
 * submission is taken back as a whole. One that a worker has claimed already stays: it is being asked about.
 */
async function requirePromised(
  deps: SubmitDeps,
  acceptance: Acceptance & { readonly completesBy: number | undefined },
  redisKey: string | null,
): Promise<void> {
  const missed = findMissedDeadline(acceptance);
  if (missed === null) return;
  try {
    if ((await withdraw(deps, acceptance)) === 'too_late') return;
  } catch (error) {
    if (redisKey === null) deps.withdrawals.schedule(acceptance);
    throw unavailable(error);
  }
  await giveRoomBack(deps, acceptance);
  if (redisKey !== null) await release(deps, { id: acceptance.id, redisKey });
  throw missed;
}

/** A repeat is not answered 202 for a verification that nothing works on, however that came about. */
async function completeSubmission(deps: SubmitDeps, id: string): Promise<void> {
  try {
    const isRequeued = await requeueStray(deps, 'verification', id);
    // The first answer may have been that it was not confirmed.
    await deps.confirmWrites();
    if (!isRequeued) return;
  } catch (error) {
    throw unavailable(error);
  }
  deps.log.warn({ event: 'job_requeued', verification: id, why: 'repeated' }, 'a verification had no job');
}

/** @throws {ProblemError} 503 when the store of epochs does not answer: without a key of it, nothing is accepted */
async function presentEpoch({ epochs }: SubmitDeps): Promise<EpochKey | null> {
  if (epochs === null) return null;
  try {
    return await epochs.current();
  } catch (error) {
    throw unavailable(error);
  }
}

/** Whatever Redis or the photo store said, the client hears one thing: not now. */
function unavailable(cause: unknown): ProblemError {
  const code = cause instanceof PhotoStoreUnavailable ? 'photo_store_unavailable' : 'unavailable';
  return new ProblemError(code, { headers: retryAfter(1), cause });
}

/** The answer is a refusal already; a key that cannot be given back is found abandoned by its next user. */
async function release(deps: SubmitDeps, claim: { id: string; redisKey: string }): Promise<void> {
  try {
    await releaseIdempotencyKey(deps.redis, claim);
  } catch (error) {
    deps.log.warn(
      { event: 'idempotency_release_failed', reason: describeRedisError(error) },
      'an Idempotency-Key stays taken for 10 s',
    );
  }
}
