/** What is written down at the end of a run of a delivery job, whichever end it came to. */

import { WORKER } from '../../shared/audit/actor.ts';
import type { DeliveryAttempt } from '../../shared/contract/delivery-log.ts';
import {
  type EndpointHealth,
  healthyEndpoint,
  reduceEndpointHealth,
} from '../../shared/store/endpoints/endpoint-health.ts';
import type { DueDelivery } from '../../shared/store/verifications/begin-delivery.ts';
import { logDelivery } from '../../shared/store/verifications/log-delivery.ts';
import { type DeliveryProgress, recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';
import type { JobResult } from '../job/job-result.ts';
import { writeDeadNotice } from './dead-notice.ts';
import type { DeliveryDeps } from './delivery-deps.ts';
import { type AfterDeliveryAttempt, computeAfterDeliveryAttempt } from './delivery-schedule.ts';
import type { WaitReason } from './delivery-target.ts';

/** After an attempt: the endpoint's health, then what is next for the event. */
export async function concludeAttempt(
  deps: DeliveryDeps,
  { id, run, clientId, attempts, submittedAt }: DueDelivery,
  endpoint: string,
  result: DeliveryResult,
): Promise<JobResult> {
  const now = deps.now();
  const accepted = result.result === 'accepted';
  const health = accepted ? healthyEndpoint : await learnFailure(deps, endpoint, result, now);
  const attemptsMade = attempts + 1;
  const { schedule, random } = deps;
  const step = computeAfterDeliveryAttempt({ result, attemptsMade, schedule, health, now, random });
  // First: a record that says so waits where it is found again.
  if (step.step === 'defer') await addDeferred(deps, endpoint, id, now);
  await record(deps, {
    id,
    run,
    status: stored[step.step],
    nextAttemptAt: step.step === 'retry' ? step.at : null,
    attempt: describe(result, now),
    now,
    keepUntil: step.step === 'delivered' ? now + deps.retentionMs : null,
    ...(accepted ? { recovered: endpoint } : {}),
    ...(step.step === 'dead'
      ? { notice: writeDeadNotice({ id, clientId, endpoint: null, attempts: attemptsMade, result, now }) }
      : {}),
    endpoint,
  });
  if (step.step === 'delivered') deps.metrics.eventSeconds.observe(Math.max(0, now - submittedAt) / 1000);
  deps.tracing.note({ 'veriqueue.step': shown(step) });
  logStep(deps, id, result, step);
  return step.step === 'retry' ? { result: 'later', at: step.at } : { result: 'done' };
}

/** What a receiver answered is kept until Redis takes it: the event would be posted again, against its schedule. */
function record(deps: DeliveryDeps, progress: DeliveryProgress): Promise<unknown> {
  return deps.writes.untilTaken(() => recordDelivery(deps.redis, deps.keys, progress));
}

function addDeferred(deps: DeliveryDeps, endpoint: string, id: string, now: number): Promise<void> {
  return deps.writes.untilTaken(() => deps.endpoints.addDeferred(endpoint, id, now));
}

/** Reports a disabled endpoint once, whichever worker's failure caused it. */
async function learnFailure(
  { endpoints, metrics, audit, log, writes }: DeliveryDeps,
  endpoint: string,
  result: DeliveryResult,
  now: number,
): Promise<EndpointHealth> {
  const { before, after } = await writes.untilTaken(() =>
    endpoints.change(endpoint, (health) => reduceEndpointHealth(health, result, now)),
  );
  if (after.status === 'disabled' && before.status !== 'disabled') {
    metrics.endpointsDisabled.inc({ reason: after.reason });
    log.warn({ event: 'endpoint_held', endpoint, reason: after.reason }, 'an endpoint is held');
    await audit.note({
      ...WORKER,
      action: 'hold_endpoint',
      targetKind: 'endpoint',
      target: endpoint,
      result: 'held',
      details: { reason: after.reason },
    });
  }
  return after;
}

const stored = {
  delivered: 'delivered',
  retry: 'retrying',
  defer: 'held',
  dead: 'dead',
} as const satisfies Record<AfterDeliveryAttempt['step'], string>;

/** The step as logs and traces name it. */
const shown = ({ step }: AfterDeliveryAttempt): string => (step === 'defer' ? 'hold_endpoint' : step);

/** Reasons that no failure brought about: the client may have meant it so, and the event is kept as long as a record is. */
const ENDS_BY_ITSELF: readonly WaitReason[] = ['no_client', 'no_callback_url', 'origin_not_allowed'];

/** The event waits where it cannot be delivered now: nothing is lost, and no attempt is used up. */
export async function deferDelivery(
  deps: DeliveryDeps,
  { id, run }: DueDelivery,
  { endpoint, reason }: { readonly endpoint: string; readonly reason: WaitReason },
): Promise<JobResult> {
  const now = deps.now();
  await addDeferred(deps, endpoint, id, now);
  if (reason === 'origin_not_allowed') {
    // Its client sees why in the list of attempts; none of them is used up.
    await logDelivery(deps.redis, deps.keys, id, {
      at: new Date(now).toISOString(),
      durationMs: 0,
      status: null,
      errorClass: reason,
      answer: '',
    });
  }
  await record(deps, {
    id,
    run,
    status: 'held',
    nextAttemptAt: null,
    attempt: null,
    now,
    keepUntil: ENDS_BY_ITSELF.includes(reason) ? now + deps.retentionMs : null,
  });
  deps.tracing.note({ 'veriqueue.step': 'wait' });
  deps.log.info({ event: 'delivery_held', verification: id, reason }, 'an event waits for its endpoint');
  return { result: 'done' };
}

/**
 * No attempt was made: the delivery is as it was before it began.
 *
 * @param nextAttemptAt ms epoch; null: as soon as a worker has a place
 */
export async function putBack(
  deps: DeliveryDeps,
  { id, run, attempts }: DueDelivery,
  nextAttemptAt: number | null,
): Promise<void> {
  const status = attempts === 0 ? 'pending' : 'retrying';
  await record(deps, {
    id,
    run,
    status,
    nextAttemptAt,
    attempt: null,
    now: deps.now(),
    keepUntil: null,
  });
}

function describe(result: DeliveryResult, now: number): DeliveryAttempt {
  return {
    at: new Date(now - result.durationMs).toISOString(),
    durationMs: Math.round(result.durationMs),
    status: result.result === 'unreachable' ? null : result.status,
    errorClass: result.result === 'unreachable' ? result.errorClass : null,
    answer: result.result === 'unreachable' ? '' : result.answer,
  };
}

function logStep(deps: DeliveryDeps, id: string, result: DeliveryResult, step: AfterDeliveryAttempt): void {
  const level = step.step === 'dead' ? 'error' : step.step === 'delivered' ? 'info' : 'warn';
  const status = result.result === 'unreachable' ? result.errorClass : result.status;
  deps.log[level]({ event: 'delivery', verification: id, step: shown(step), status }, 'delivery attempt');
}
