import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import type { Subject } from '../../shared/sealing/subject.ts';
import type { EpochKeys } from '../../shared/store/epochs/epoch-keys.ts';
import { openInEpoch } from '../../shared/store/epochs/open-in-epoch.ts';
import type { JobData } from '../../shared/store/queue/job-data.ts';
import type { PatientWrites } from '../../shared/store/redis/patient-writes.ts';
import { leaveLine } from '../../shared/store/shares/place.ts';
import type { PhotoStoreUnavailable } from '../../shared/store/subjects/photo-store-state.ts';
import type { SubjectReading, SubjectStore } from '../../shared/store/subjects/subject-store.ts';
import { ledgerDay } from '../../shared/store/usage/ledger.ts';
import { abandonClaim } from '../../shared/store/verifications/abandon-claim.ts';
import { type ClaimDeps, claimVerification } from '../../shared/store/verifications/claim.ts';
import { noteRunAlone } from '../../shared/store/verifications/note-run-alone.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import type { AccountChooser } from '../accounts/account-chooser.ts';
import type { JobResult, JobRun } from '../job/job-result.ts';
import { traceJob } from '../job/trace-job.ts';
import type { AskUpstream } from './ask-upstream.ts';
import { goBackUnasked } from './conclude-attempt.ts';
import { decideAfterDeaths } from './crash-decision.ts';
import { isPastDeadline } from './deadline.ts';
import type { FinishVerification } from './finish-verification.ts';
import type { OwnedVerification } from './owned-verification.ts';
import type { RunAloneLock } from './run-alone-lock.ts';
import { isRetryPriority } from './slot-rank.ts';

export interface VerificationDeps {
  readonly claims: ClaimDeps;
  readonly subjects: Pick<SubjectStore, 'state'>;
  readonly keyRing: KeyRing;
  readonly epochs: EpochKeys | null;
  readonly accounts: Pick<AccountChooser, 'pass'>;
  readonly runAloneLock: RunAloneLock;
  readonly ask: AskUpstream;
  readonly finish: FinishVerification;
  readonly writes: Pick<PatientWrites, 'untilTaken'>;
  readonly tracing: Tracing;
  readonly log: Logger;
  readonly subjectTtlMs: number;
  readonly now: () => number;
}

/**
 * A worker that lost its lock looks like a dead one, although it may only have been stopped, or cut off from Redis, and may
 * have the answer in hand. It gets so long to come back with it, about as long again as its lock, before its verification is
 * taken for the cause of a death. The first outcome wins.
 */
const LAST_WORD_MS = 6_000;

/** A subject that this worker alone cannot open is left to the others, who come to it meanwhile. */
const OTHERS_TURN_MS = 5_000;

/**
 * Works on one verification: claim ▸ open the subject ▸ ask the upstream ▸ write down what came of it.
 *
 * When `run.signal` aborts, a request that has left is given up, and its result stays indeterminate.
 */
export async function processVerification(
  deps: VerificationDeps,
  job: JobData,
  run: JobRun,
): Promise<JobResult> {
  const photos = await deps.subjects.state();
  if (photos.status === 'away') return { result: 'lane_closed', until: photos.until };
  const { clientId } = job;
  const passage = await deps.accounts.pass({ tried: isRetryPriority(run.priority), clientId });
  if (passage.status === 'closed') return { result: 'lane_closed', until: passage.until };
  if (passage.status !== 'open') {
    await leaveLine(deps.claims, job.id);
    return { result: 'later', at: passage.status === 'elsewhere' ? passage.at : deps.now() };
  }
  const traced = { tracing: deps.tracing, queue: deps.claims.keys.verificationQueue, run };
  const leave = await deps.runAloneLock.enter();
  try {
    if (run.signal.aborted) return { result: 'hand_back' };
    const claim = await claimVerification(deps.claims, {
      ...job,
      token: makeRunToken(),
      day: ledgerDay(deps.now()),
    });
    switch (claim.status) {
      case 'claimed':
        return await traceJob(traced, claim.record, () => workOn(deps, claim, claim.subject, run)).catch(
          async (error: unknown) => {
            const abandoned = { ...job, claim: claim.claim, day: ledgerDay(deps.now()) };
            await deps.writes.untilTaken(() => abandonClaim(deps.claims, abandoned));
            throw error;
          },
        );
      case 'final':
      case 'cancelled':
        return { result: 'done' };
      case 'lost':
        return { result: 'hand_back' };
      case 'missing':
        // Its client had it erased.
        deps.log.warn(
          { event: 'record_missing', verification: job.id },
          'the verification does not exist any more: nothing is asked',
        );
        return { result: 'done' };
      case 'unreadable':
        return {
          result: 'set_aside',
          reason: `its record has unreadable fields: ${claim.fields.join(', ')}`,
        };
      default:
        return claim satisfies never;
    }
  } finally {
    leave();
    passage.leave();
  }
}

async function workOn(
  deps: VerificationDeps,
  owned: OwnedVerification,
  subject: SubjectReading,
  run: JobRun,
): Promise<JobResult> {
  if (decideAfterDeaths(owned.record.deaths) !== 'quarantine') return askAbout(deps, owned, subject, run);
  await sleep(LAST_WORD_MS);
  // The same claim, looked at again: a worker that has come back meanwhile did not die.
  const { id, clientId } = owned.record;
  const token = owned.claim.token;
  const again = await claimVerification(deps.claims, { id, clientId, token, day: ledgerDay(deps.now()) });
  if (again.status === 'final' || again.status === 'cancelled') return { result: 'done' };
  if (again.status !== 'claimed') return { result: 'hand_back' };
  return decideAfterDeaths(again.record.deaths) === 'quarantine'
    ? giveUp(deps, again, 'Veriqueue.Quarantined')
    : askAbout(deps, again, again.subject, run);
}

async function askAbout(
  deps: VerificationDeps,
  owned: OwnedVerification,
  reading: SubjectReading,
  run: JobRun,
): Promise<JobResult> {
  const { record, claim } = owned;
  if (isPastDeadline(record, deps.now())) return giveUp(deps, owned, 'Veriqueue.DeadlinePassed');
  // Nothing is known of the photo: no attempt, no slot, and no outcome.
  if (reading.status === 'unavailable') {
    await deps.writes.untilTaken(() => goBackUnasked(deps, owned));
    return leaveUnread(deps, record, reading.error);
  }
  const subject = await openIfUsable(deps, record, reading);
  if (subject === 'no_epoch_store') {
    await deps.writes.untilTaken(() => goBackUnasked(deps, owned));
    return { result: 'later', at: deps.now() + OTHERS_TURN_MS };
  }
  if (typeof subject === 'string') return giveUp(deps, owned, subject);
  if (decideAfterDeaths(record.deaths) === 'run') return deps.ask(owned, subject, run);
  const release = await deps.runAloneLock.runAlone();
  try {
    const noted = await deps.writes.untilTaken(() => noteRunAlone(deps.claims, { id: record.id, claim }));
    if (noted === 'lost') return { result: 'hand_back' };
    return await deps.ask(owned, subject, run);
  } finally {
    release();
  }
}

/** While the store is away, claims wait. A photo that this worker alone cannot find must not keep others from theirs. */
function leaveUnread(
  { log }: VerificationDeps,
  { id }: VerificationRecord,
  { kind, reason, until }: PhotoStoreUnavailable,
): JobResult {
  if (kind === 'away') return { result: 'lane_closed', until };
  log.error(
    { event: 'photo_store_unknown', verification: id, reason },
    'a photo lies where this worker cannot look',
  );
  return { result: 'later', at: until };
}

/** The subject, the code that says why there is none to ask about, or that another worker is to open it. */
async function openIfUsable(
  deps: VerificationDeps,
  record: VerificationRecord,
  reading: Exclude<SubjectReading, { status: 'unavailable' }>,
): Promise<Subject | 'Veriqueue.SubjectExpired' | 'Veriqueue.SubjectUnreadable' | 'no_epoch_store'> {
  if (reading.status === 'gone' || deps.now() - record.submittedAt > deps.subjectTtlMs)
    return 'Veriqueue.SubjectExpired';
  const opening =
    reading.status === 'incomplete'
      ? ({ status: 'unreadable', reason: 'incomplete' } as const)
      : await openInEpoch(deps, record.id, reading.sealed);
  if (opening.status === 'opened') return opening.subject;
  if (opening.reason === 'no_epoch_store') {
    deps.log.error(
      { event: 'epoch_store_unknown', verification: record.id },
      'a subject is wrapped in an epoch, and this worker has no EPOCH_KEYS_REDIS_URL',
    );
    return 'no_epoch_store';
  }
  deps.log.error(
    { event: 'subject_unreadable', verification: record.id, reason: opening.reason },
    'a sealed subject cannot be opened',
  );
  return 'Veriqueue.SubjectUnreadable';
}

async function giveUp(
  deps: VerificationDeps,
  { record, claim }: OwnedVerification,
  code: OwnCode,
): Promise<JobResult> {
  await deps.finish(record, { row: resolveOutcome(code), call: null, needs: claim });
  return { result: 'done' };
}
