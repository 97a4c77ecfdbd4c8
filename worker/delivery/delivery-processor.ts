import { isTestEventId } from '../../shared/store/push/test-event.ts';
import type { JobData } from '../../shared/store/queue/job-data.ts';
import { beginDelivery, type DueDelivery } from '../../shared/store/verifications/begin-delivery.ts';
import { keepEvent } from '../../shared/store/verifications/keep-event.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';
import type { JobResult, JobRun } from '../job/job-result.ts';
import { type TracedJob, traceJob } from '../job/trace-job.ts';
import { attemptPost, type SignedEvent } from './attempt-post.ts';
import { concludeAttempt, deferDelivery, putBack } from './conclude-delivery.ts';
import type { DeliveryDeps } from './delivery-deps.ts';
import { type DeliveryTarget, findTarget } from './delivery-target.ts';
import { sendTestEvent } from './send-test-event.ts';
import { tracePost } from './trace-post.ts';
import { buildVerificationEvent } from './verification-event.ts';

/** A client that cannot be read wants an operator (a sealing key is missing); its events wait unharmed. */
const CLIENT_UNREADABLE_DELAY_MS = 60_000;

/** Brings the event of one verification to its callback, or says when to try again. */
export async function processDelivery(deps: DeliveryDeps, { id }: JobData, run: JobRun): Promise<JobResult> {
  if (run.signal.aborted) return { result: 'hand_back' };
  if (isTestEventId(id)) return sendTestEvent(deps, id, run.signal);
  const due = await begin(deps, id);
  if ('result' in due) return due;
  const target = await findTarget(deps, due);
  switch (target.status) {
    case 'found':
      return deliver(deps, due, target, run);
    case 'none':
      return traceJob(tracedBy(deps, run), due, () => deferDelivery(deps, due, target));
    case 'unknown':
      return later(deps, due, deps.now() + CLIENT_UNREADABLE_DELAY_MS);
    default:
      return target satisfies never;
  }
}

/** The outcome is not there yet: its verification has lost its job, and the sweep gives it another. */
const OUTCOME_MISSING_DELAY_MS = 5_000;

/** The event, or what becomes of the job without one. */
async function begin(deps: DeliveryDeps, id: string): Promise<DueDelivery | JobResult> {
  const run = makeRunToken();
  const read = await beginDelivery(deps.redis, deps.keys, id, run);
  switch (read.status) {
    case 'due':
      return read.delivery;
    case 'missing':
      // Its client had it erased.
      deps.log.warn(
        { event: 'record_missing', verification: id },
        'the verification does not exist any more: nothing is delivered',
      );
      return { result: 'done' };
    case 'unreadable':
      return { result: 'set_aside', reason: `its record has unreadable fields: ${read.fields.join(', ')}` };
    case 'found': {
      const { record } = read;
      if (isOver(record)) return { result: 'done' };
      if (record.outcome !== null) return describeDue(deps, record, run);
      deps.log.warn({ event: 'outcome_missing', verification: id }, 'an event waits for its outcome');
      return { result: 'later', at: deps.now() + OUTCOME_MISSING_DELAY_MS };
    }
    default:
      return read satisfies never;
  }
}

/** What another version finished has its event only here; from now on it is in the record, for every delivery after this. */
async function describeDue(
  { redis, keys }: DeliveryDeps,
  record: VerificationRecord,
  run: string,
): Promise<DueDelivery | JobResult> {
  const { id, clientId, callbackUrl, submittedAt } = record;
  const event = await keepEvent(redis, keys, id, buildVerificationEvent(record));
  if (event === null) return { result: 'done' };
  const { attempts } = record.delivery;
  return { id, run, clientId, callbackUrl, submittedAt, attempts, event };
}

function isOver({ status, delivery }: VerificationRecord): boolean {
  return status === 'cancelled' || delivery.status === 'delivered' || delivery.status === 'dead';
}

type FoundTarget = Extract<DeliveryTarget, { status: 'found' }>;

async function deliver(
  deps: DeliveryDeps,
  due: DueDelivery,
  target: FoundTarget,
  run: JobRun,
): Promise<JobResult> {
  const entry = await deps.limiter.enterInTurn(target.endpoint, { parkedBefore: run.startedBefore });
  if (entry.status === 'parked') return later(deps, due, entry.retryAt);
  try {
    return await traceJob(tracedBy(deps, run), due, async () => {
      const result = await post(deps, due, target, run.signal);
      entry.release(result);
      return concludeAttempt(deps, due, target.endpoint, result);
    });
  } catch (error) {
    entry.release('abandoned');
    if (!run.signal.aborted) throw error;
    await putBack(deps, due, null);
    return { result: 'hand_back' };
  }
}

async function later(deps: DeliveryDeps, due: DueDelivery, at: number): Promise<JobResult> {
  await putBack(deps, due, at);
  return { result: 'later', at };
}

/** @throws the signal's reason when the process must end */
function post(
  deps: DeliveryDeps,
  due: DueDelivery,
  { url, client, auth }: FoundTarget,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const { id, event } = due;
  const traced = ({ body, headers }: SignedEvent) =>
    tracePost(deps.tracing, due, url, (traceHeaders) =>
      deps.post({ url, body, headers: { ...headers, ...traceHeaders }, auth, signal }),
    );
  return attemptPost(deps, { id, event, secrets: client.webhookSecrets }, traced, signal);
}

const tracedBy = ({ tracing, keys }: DeliveryDeps, run: JobRun): TracedJob => ({
  tracing,
  queue: keys.deliveryQueue,
  run,
});
