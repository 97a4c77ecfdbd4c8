import type { DeliveryResult } from '../../shared/callback/delivery-result.ts';
import { computeWebhookHeaders } from '../../shared/delivery/webhook-signature.ts';
import type { JobData } from '../../shared/queue/verification-flow.ts';
import { beginDelivery } from '../../shared/record/begin-delivery.ts';
import type { VerificationRecord } from '../../shared/record/verification-record.ts';
import { processingAttributes } from '../../shared/tracing/span-attributes.ts';
import type { JobResult, JobRun } from '../job/job-result.ts';
import { concludeAttempt, holdEvent, putBack } from './conclude-delivery.ts';
import type { DeliveryDeps } from './delivery-deps.ts';
import { type DeliveryTarget, findTarget } from './delivery-target.ts';
import { tracePost } from './trace-post.ts';
import { buildVerificationEvent, webhookId } from './verification-event.ts';

/** A client that cannot be read wants an operator (a sealing key is missing); its events wait unharmed. */
const CLIENT_UNREADABLE_DELAY_MS = 60_000;

/** Brings the event of one verification to its callback, or says when to try again. */
export async function processDelivery(deps: DeliveryDeps, { id }: JobData, run: JobRun): Promise<JobResult> {
  if (run.signal.aborted) return { result: 'hand_back' };
  const record = await begin(deps, id);
  if ('result' in record) return record;
  const target = await findTarget(deps, record);
  switch (target.status) {
    case 'found':
      return deliver(deps, record, target, run);
    case 'none':
      return traceDelivery(deps, record, run, () => holdEvent(deps, record, target));
    case 'unknown':
      return later(deps, record, deps.now() + CLIENT_UNREADABLE_DELAY_MS);
    default:
      return target satisfies never;
  }
}

/** The record with an outcome, whatever it takes: a verification job that died without one is answered here. */
async function begin(deps: DeliveryDeps, id: string): Promise<VerificationRecord | JobResult> {
  const read = await beginDelivery(deps.redis, deps.keys, id);
  switch (read.status) {
    case 'missing':
      // Its client had it erased.
      deps.log.warn({ event: 'record_missing', verification: id }, 'there is nothing to deliver');
      return { result: 'done' };
    case 'unreadable':
      return { result: 'set_aside', reason: `its record has unreadable fields: ${read.fields.join(', ')}` };
    case 'found': {
      const { record } = read;
      if (isOver(record)) return { result: 'done' };
      if (record.outcome !== null) return record;
      await deps.settle(record, { code: 'Veriqueue.Quarantined', attempt: null });
      return begin(deps, id);
    }
    default:
      return read satisfies never;
  }
}

function isOver({ status, delivery }: VerificationRecord): boolean {
  return status === 'cancelled' || delivery.status === 'delivered' || delivery.status === 'dead';
}

type FoundTarget = Extract<DeliveryTarget, { status: 'found' }>;

async function deliver(
  deps: DeliveryDeps,
  record: VerificationRecord,
  target: FoundTarget,
  run: JobRun,
): Promise<JobResult> {
  const entry = await deps.gate.enterInTurn(target.endpoint, { parkedBefore: run.startedBefore });
  if (entry.status === 'parked') return later(deps, record, entry.retryAt);
  try {
    return await traceDelivery(deps, record, run, async () => {
      const result = await post(deps, record, target, run.signal);
      entry.settle(result);
      return concludeAttempt(deps, record, target.endpoint, result);
    });
  } catch (error) {
    entry.settle('abandoned');
    if (!run.signal.aborted) throw error;
    await putBack(deps, record, null);
    return { result: 'hand_back' };
  }
}

async function later(deps: DeliveryDeps, record: VerificationRecord, at: number): Promise<JobResult> {
  await putBack(deps, record, at);
  return { result: 'later', at };
}

async function post(
  deps: DeliveryDeps,
  record: VerificationRecord,
  { url, client }: FoundTarget,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const body = buildVerificationEvent(record);
  const headers = computeWebhookHeaders({
    id: webhookId(record.id),
    timestampSeconds: Math.floor(deps.now() / 1000),
    body,
    secrets: client.webhookSecrets,
  });
  const result = await tracePost(deps.tracing, record, url, (traceHeaders) =>
    deps.post({ url, body, headers: { ...headers, ...traceHeaders }, signal }),
  );
  deps.metrics.deliveries.inc({ result: result.result });
  deps.metrics.deliverySeconds.observe(result.durationMs / 1000);
  return result;
}

/** Not around all of the work: an event that is parked because its endpoint needs a rest leaves no span. */
function traceDelivery(
  { tracing, keys }: DeliveryDeps,
  { id, clientId }: VerificationRecord,
  { traceParent }: JobRun,
  work: () => Promise<JobResult>,
): Promise<JobResult> {
  const queue = keys.deliveryQueue;
  const attributes = () => ({
    ...processingAttributes(queue),
    'veriqueue.verification.id': id,
    'veriqueue.client.id': clientId,
  });
  return tracing.run(`process ${queue}`, { kind: 'consumer', parent: traceParent, attributes }, work);
}
