import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';
import { webhookId } from '../../shared/webhook/webhook-id.ts';
import { computeWebhookHeaders } from '../../shared/webhook/webhook-signature.ts';
import type { WorkerMetrics } from '../metrics.ts';

export interface AttemptDeps {
  /** They sign as `v1a`, beside the secrets of the client. */
  readonly signingKeys: readonly KeyObject[];
  readonly metrics: Pick<WorkerMetrics, 'deliveries' | 'deliverySeconds'>;
  readonly log: Logger;
  /** ms epoch */
  readonly now: () => number;
}

interface EventToSign {
  /** Of its verification. */
  readonly id: string;
  /** JSON, as it was written. */
  readonly event: string;
  /** In clear, newest first. */
  readonly secrets: readonly string[];
}

export interface SignedEvent {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs an event and posts it. Whatever fails in it, a bug of ours included, is a failed attempt: thrown, it would be repeated
 * past schedule and breaker.
 *
 * @throws the signal's reason when the process must end
 */
export async function attemptPost(
  deps: AttemptDeps,
  due: EventToSign,
  post: (signed: SignedEvent) => Promise<DeliveryResult>,
  signal?: AbortSignal,
): Promise<DeliveryResult> {
  const begunAt = performance.now();
  const signAndPost = async () => post(sign(deps, due));
  const result = await signAndPost().catch((error: unknown): DeliveryResult => {
    signal?.throwIfAborted();
    deps.log.error({ event: 'post_failed', verification: due.id, err: error }, 'an event cannot be posted');
    const durationMs = Math.round(performance.now() - begunAt);
    return { result: 'unreachable', errorClass: 'other', durationMs };
  });
  deps.metrics.deliveries.inc({ result: result.result });
  deps.metrics.deliverySeconds.observe(result.durationMs / 1000);
  return result;
}

function sign({ signingKeys, now }: AttemptDeps, { id, event, secrets }: EventToSign): SignedEvent {
  const body = Buffer.from(event);
  const timestampSeconds = Math.floor(now() / 1000);
  const headers = computeWebhookHeaders({
    id: webhookId(id),
    timestampSeconds,
    body,
    secrets,
    signingKeys,
  });
  return { body, headers: { ...headers } };
}
