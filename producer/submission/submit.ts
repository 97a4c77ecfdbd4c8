import { typeid } from 'typeid-js';
import { listDigestParts, SUBMISSION_DIGEST } from '../../shared/contract/digest-parts.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { FieldError } from '../../shared/contract/problem.ts';
import {
  pickFields,
  STORED_FIELDS,
  type StoredOptions,
  type SubmissionField,
} from '../../shared/contract/submission-fields.ts';
import type { DigestPart } from '../../shared/sealing/digest.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { sealSubject } from '../../shared/sealing/seal.ts';
import type { Subject } from '../../shared/sealing/subject.ts';
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { requeueStray } from '../../shared/store/queue/stray-jobs.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import { PhotoStoreUnavailable } from '../../shared/store/subjects/photo-store-state.ts';
import type { Acceptance } from '../../shared/store/verifications/accept.ts';
import type { PromiseOffer } from '../../shared/store/verifications/promise.ts';
import { listExposedFields } from '../../shared/validation/exposed-subject.ts';
import { listValidationErrors, validateSubmission } from '../../shared/validation/submission.ts';
import { parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import type { LaneView } from '../lane-view.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { findMissedDeadline, requireDeadline } from './deadline.ts';
import { type Accepted, type EnqueueDeps, enqueueVerification, withdraw } from './enqueue.ts';
import { claimIdempotencyKey, releaseIdempotencyKey } from './idempotency.ts';
import type { PromiseOffers } from './offer-promise.ts';
import type { FormReading, MisshapenForm } from './read-form.ts';
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
  readonly lane: LaneView;
  readonly rules: SubmissionRules;
  readonly withdrawals: Withdrawals;
  readonly offers: PromiseOffers;
  readonly now: () => number;
}

export type Submitted =
  | ({ readonly status: 'accepted'; readonly acceptance: Acceptance } & Accepted)
  /** Its Idempotency-Key stands for this verification already. */
  | { readonly status: 'replayed'; readonly id: string };

/** A submission that passed every check that costs nothing. */
interface CheckedSubmission {
  readonly subject: Subject;
  readonly options: StoredOptions;
}

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

function checkSubmission(deps: SubmitDeps, client: ClientIdentity, form: FormReading): CheckedSubmission {
  if (form.status === 'misshapen') throw refuseMisshapen(deps, client, form);
  const { fields, photo } = form;
  const result = validateSubmission({ ...fields, photo }, validationOptions(deps));
  const callback = checkCallback(deps.rules, client, fields.callbackUrl);
  const errors: FieldError[] = [
    ...(result.ok ? [] : result.errors),
    ...listExposedFields(result.ok ? result.subject : fields, fields),
    ...(callback.ok ? [] : [callback.error]),
  ];
  if (!result.ok || !callback.ok || errors.length > 0)
    throw new ProblemError('invalid_submission', { errors });
  return {
    subject: result.subject,
    options: {
      ...pickFields(fields, STORED_FIELDS),
      callbackUrl: callback.href,
      // One instant has many spellings, and a repeat may choose another.
      ...(fields.answerBy === undefined ? {} : { answerBy: new Date(fields.answerBy).toISOString() }),
    },
  };
}

const validationOptions = ({ now, rules }: SubmitDeps) => ({
  now: now(),
  allowCheckDigitFailure: rules.allowCheckDigitFailure,
});

/** Everything that is wrong with it: its shape, and what stands in the fields that can be read. */
function refuseMisshapen(
  deps: SubmitDeps,
  client: ClientIdentity,
  { errors, readable }: MisshapenForm,
): ProblemError {
  const callback = checkCallback(deps.rules, client, readable.callbackUrl);
  return new ProblemError('invalid_submission', {
    errors: [
      ...errors,
      ...listValidationErrors(readable, validationOptions(deps)),
      ...listExposedFields(readable, readable),
      ...(callback.ok ? [] : [callback.error]),
    ],
  });
}

type CallbackCheck =
  | { readonly ok: true; readonly href: string | undefined }
  | { readonly ok: false; readonly error: FieldError };

function checkCallback(
  rules: SubmissionRules,
  client: ClientIdentity,
  callbackUrl: string | undefined,
): CallbackCheck {
  if (callbackUrl === undefined) return { ok: true, href: undefined };
  const refuse = (code: string, detail: string): CallbackCheck => ({
    ok: false,
    error: { pointer: '/callbackUrl', code, detail },
  });
  const parsed = parseCallbackUrl(callbackUrl, { allowInsecure: rules.allowInsecureCallbacks });
  if (!parsed.ok) {
    // Which address was refused, and why, would let a client map the network behind this service.
    return parsed.problem === 'forbidden_host'
      ? refuse('callback_refused', 'is refused')
      : refuse(
          `callback_${parsed.problem}`,
          'must be an absolute https URL without credentials and fragment',
        );
  }
  if (!isCallbackAllowed(client, parsed)) {
    return refuse('callback_origin', 'must have one of the origins registered for this client');
  }
  return { ok: true, href: parsed.href };
}

/** The submission as it will be used, so that JSON and multipart, or two spellings of one name, are the same. */
function canonicalParts({ subject, options }: CheckedSubmission): readonly DigestPart[] {
  return listDigestParts<SubmissionField, string | Buffer>(SUBMISSION_DIGEST, { ...subject, ...options });
}

async function accept(
  deps: SubmitDeps,
  client: ClientIdentity,
  { subject, options }: CheckedSubmission,
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
  const sealed = sealSubject(deps.keyRing, id, subject);
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
  switch (enqueued.status) {
    case 'accepted':
      await requirePromised(deps, { ...acceptance, completesBy: enqueued.hash['completesBy'] }, redisKey);
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
  acceptance: Acceptance & { readonly completesBy: string | undefined },
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
