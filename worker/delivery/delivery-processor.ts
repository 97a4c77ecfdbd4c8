import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { DeliveryResult } from '../../shared/callback/delivery-result.ts';
import { reduceEndpointHealth } from '../../shared/callback/endpoint-health.ts';
import type { Client, ClientReading } from '../../shared/client/client.ts';
import type { PostEvent } from '../../shared/delivery/post-event.ts';
import { computeWebhookHeaders } from '../../shared/delivery/webhook-signature.ts';
import type { LaneKeys } from '../../shared/keys.ts';
import type { JobData } from '../../shared/queue/verification-flow.ts';
import { type DeliveryAttempt, recordDelivery } from '../../shared/record/delivery-state.ts';
import { readRecord } from '../../shared/record/read.ts';
import type { VerificationRecord } from '../../shared/record/verification-record.ts';
import type { JobResult, JobRun } from '../job/job-result.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Settle } from '../verification/settle-outcome.ts';
import {
  type AfterDeliveryAttempt,
  computeAfterDeliveryAttempt,
  type DeliverySchedule,
} from './delivery-schedule.ts';
import type { EndpointGate } from './endpoint-gate.ts';
import type { EndpointStore } from './endpoint-store.ts';
import { buildVerificationEvent, webhookId } from './verification-event.ts';

export interface DeliveryDeps {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  readonly readClient: (clientId: string) => Promise<ClientReading>;
  readonly endpoints: EndpointStore;
  readonly gate: EndpointGate;
  readonly post: PostEvent;
  readonly settle: Settle;
  readonly schedule: DeliverySchedule;
  readonly retentionMs: number;
  readonly metrics: WorkerMetrics;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** Brings the event of one verification to its callback, or says when to try again. */
export async function processDelivery(
  deps: DeliveryDeps,
  { id }: JobData,
  { signal, startedBefore }: JobRun,
): Promise<JobResult> {
  if (signal.aborted) return { result: 'hand_back' };
  const record = await readAnswered(deps, id);
  if ('result' in record) return record;
  if (
    record.status === 'cancelled' ||
    record.delivery.status === 'delivered' ||
    record.delivery.status === 'dead'
  ) {
    return { result: 'done' };
  }
  const target = await findTarget(deps, record);
  if (target.status === 'none') return hold(deps, record, target.endpoint, target.reason);
  if (target.status === 'unknown') return { result: 'later', at: deps.now() + CLIENT_UNREADABLE_DELAY_MS };
  const entry = await deps.gate.enterInTurn(target.endpoint, { parkedBefore: startedBefore });
  if (entry.status === 'parked') return { result: 'later', at: entry.retryAt };
  try {
    const result = await postTo(deps, record, target, signal);
    entry.settle(result);
    return await conclude(deps, record, target.endpoint, result);
  } catch (error) {
    entry.settle('abandoned');
    if (signal.aborted) return { result: 'hand_back' };
    throw error;
  }
}

/** The record with an outcome, whatever it takes: a verification job that died without one is answered here. */
async function readAnswered(deps: DeliveryDeps, id: string): Promise<VerificationRecord | JobResult> {
  const read = await readRecord(deps.redis, deps.keys, id);
  if (read.status === 'missing') {
    // Its client had it erased.
    deps.log.warn({ event: 'record_missing', verification: id }, 'there is nothing to deliver');
    return { result: 'done' };
  }
  if (read.status === 'unreadable') {
    return { result: 'set_aside', reason: `its record has unreadable fields: ${read.fields.join(', ')}` };
  }
  if (read.record.outcome !== null || read.record.status === 'cancelled') return read.record;
  await deps.settle(read.record, { code: 'Veriqueue.Quarantined', attempt: null });
  return readAnswered(deps, id);
}

/** A client that cannot be read wants an operator (a sealing key is missing); its events wait unharmed. */
const CLIENT_UNREADABLE_DELAY_MS = 60_000;

/** The client polls, or will name a callback later. */
const NO_CALLBACK_URL = 'no_callback_url';

type Target =
  | { readonly status: 'found'; readonly endpoint: string; readonly url: string; readonly client: Client }
  | { readonly status: 'none'; readonly endpoint: string; readonly reason: string }
  | { readonly status: 'unknown' };

async function findTarget(deps: DeliveryDeps, record: VerificationRecord): Promise<Target> {
  const { clientId } = record;
  const reading = await deps.readClient(clientId);
  if (reading.status === 'unreadable') {
    deps.log.error(
      { event: 'client_unreadable', client: clientId, fields: reading.fields },
      'a client cannot be read',
    );
    return { status: 'unknown' };
  }
  if (reading.status === 'missing')
    return { status: 'none', endpoint: `${clientId} none`, reason: 'no_client' };
  const url = record.callbackUrl ?? reading.client.callbackUrl;
  if (url === null) return { status: 'none', endpoint: `${clientId} none`, reason: NO_CALLBACK_URL };
  const endpoint = `${clientId} ${new URL(url).origin}`;
  const health = await deps.endpoints.read(endpoint);
  if (health.status === 'held') return { status: 'none', endpoint, reason: health.reason };
  return { status: 'found', endpoint, url, client: reading.client };
}

async function postTo(
  deps: DeliveryDeps,
  record: VerificationRecord,
  target: Extract<Target, { status: 'found' }>,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const body = buildVerificationEvent(record);
  const headers = computeWebhookHeaders({
    id: webhookId(record.id),
    timestampSeconds: Math.floor(deps.now() / 1000),
    body,
    secrets: target.client.webhookSecrets,
  });
  const result = await deps.post({ url: target.url, body, headers: { ...headers }, signal });
  deps.metrics.deliveries.inc({ result: result.result });
  deps.metrics.deliverySeconds.observe(result.durationMs / 1000);
  return result;
}

async function conclude(
  deps: DeliveryDeps,
  record: VerificationRecord,
  endpoint: string,
  result: DeliveryResult,
): Promise<JobResult> {
  const now = deps.now();
  const before = await deps.endpoints.read(endpoint);
  const health = reduceEndpointHealth(before, result, now);
  if (health !== before) await deps.endpoints.write(endpoint, health);
  if (health.status === 'held' && before.status !== 'held') {
    deps.log.warn({ event: 'endpoint_held', endpoint, reason: health.reason }, 'an endpoint is held');
  }
  const step = computeAfterDeliveryAttempt({
    result,
    attemptsMade: record.delivery.attempts + 1,
    schedule: deps.schedule,
    health,
    now,
    random: deps.random,
  });
  await recordDelivery(deps.redis, deps.keys, {
    id: record.id,
    status: stored[step.step],
    nextAttemptAt: step.step === 'retry' ? step.at : null,
    attempt: describe(result, now),
    now,
    keepUntil: step.step === 'delivered' ? now + deps.retentionMs : null,
  });
  logStep(deps, record.id, result, step);
  if (step.step === 'hold_endpoint') await deps.endpoints.addHeld(endpoint, record.id, now);
  return step.step === 'retry' ? { result: 'later', at: step.at } : { result: 'done' };
}

const stored = {
  delivered: 'delivered',
  retry: 'retrying',
  hold_endpoint: 'held',
  dead: 'dead',
} as const satisfies Record<AfterDeliveryAttempt['step'], string>;

/** The event waits where it cannot be delivered now: nothing is lost, and no attempt is used up. */
async function hold(
  deps: DeliveryDeps,
  record: VerificationRecord,
  endpoint: string,
  reason: string,
): Promise<JobResult> {
  const now = deps.now();
  await deps.endpoints.addHeld(endpoint, record.id, now);
  await recordDelivery(deps.redis, deps.keys, {
    id: record.id,
    status: 'held',
    nextAttemptAt: null,
    attempt: null,
    now,
    keepUntil: reason === NO_CALLBACK_URL ? now + deps.retentionMs : null,
  });
  deps.log.info({ event: 'delivery_held', verification: record.id, reason }, 'an event waits');
  return { result: 'done' };
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
  deps.log[level]({ event: 'delivery', verification: id, step: step.step, status }, 'delivery attempt');
}
