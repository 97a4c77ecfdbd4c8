import { readClient } from '../../../shared/store/clients/client.ts';
import { finishVerification } from '../../../shared/store/verifications/finish.ts';
import { tracingOff } from '../../../shared/tracing/tracing.ts';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import type { DeliveryDeps } from '../../../worker/delivery/delivery-deps.ts';
import { processDelivery } from '../../../worker/delivery/delivery-processor.ts';
import { defaultDeliverySchedule } from '../../../worker/delivery/delivery-schedule.ts';
import { defaultEndpointPolicy } from '../../../worker/delivery/endpoint-admission.ts';
import { createEndpointLimiter } from '../../../worker/delivery/endpoint-limiter.ts';
import { createEndpointStore } from '../../../worker/delivery/endpoint-store.ts';
import { createWorkerMetrics } from '../../../worker/metrics.ts';
import { workerEnvironment } from '../../../worker/settings.ts';
import type { Chain } from '../../support/chain.ts';
import { acceptRecord, makeFinishing, makeOutcome, storeOf } from '../../support/records.ts';

/** What the receiver was sent, and when. */
interface Post {
  readonly id: string;
  /** ms since `startedAt` */
  readonly at: number;
  readonly webhookId: string;
  readonly body: string;
}

/** A delivery processor of the chain's lane whose days pass at once: real records and scripts, a clock of its own. */
export interface VirtualDelivery {
  readonly deps: DeliveryDeps;
  readonly posts: readonly Post[];
  /** A verification that has its outcome; its event is due at this moment. */
  finishedAt(at: number): Promise<string>;
  /** Runs whatever is due, in the order of time, until nothing is left or it is later than `until`. */
  run(until?: number): Promise<void>;
}

/**
 * @param startedAt ms epoch; in the past, so that nothing that follows lies in the future
 * @param answer what the receiver says to an event at a time, in ms since `startedAt`
 */
export function makeVirtualDelivery(
  chain: Chain,
  startedAt: number,
  answer: (at: number, id: string) => DeliveryResult | Promise<DeliveryResult>,
): VirtualDelivery {
  const { redis, keys } = chain;
  const keyRing = workerEnvironment.parse(chain.environment).VERIQUEUE_KEYS;
  const clock = { now: startedAt };
  const now = () => clock.now;
  const random = () => 0.5;
  const posts: Post[] = [];
  const due: { id: string; at: number; startedBefore: boolean }[] = [];
  const deps: DeliveryDeps = {
    redis,
    keys,
    keyRing,
    warnedAt: new Map(),
    readClient: (clientId) => readClient({ redis, keys, keyRing }, clientId, now()),
    endpoints: createEndpointStore(redis, keys, now),
    limiter: createEndpointLimiter({ policy: defaultEndpointPolicy, now, random }),
    post: async ({ body, headers }) => {
      const text = body.toString();
      const { id } = JSON.parse(text).data;
      const at = clock.now - startedAt;
      posts.push({ id, at, webhookId: headers['webhook-id'] ?? '', body: text });
      return answer(at, id);
    },
    signingKeys: [],
    writes: { untilTaken: (write) => write() },
    audit: { note: async () => undefined },
    schedule: defaultDeliverySchedule,
    retentionMs: 86_400_000,
    metrics: createWorkerMetrics(keys, async () => undefined),
    tracing: tracingOff,
    log: chain.log.logger,
    now,
    random,
  };
  const { signal } = new AbortController();
  const runOne = async (id: string, startedBefore: boolean) => {
    const data = { id, clientId: chain.client.clientId };
    const result = await processDelivery(deps, data, {
      signal,
      startedBefore,
      priority: 1,
      traceParent: null,
    });
    if (result.result === 'later') due.push({ id, at: result.at, startedBefore: true });
    else if (result.result !== 'done') throw new Error(`Cannot go on: received ${result.result}`);
  };
  return {
    deps,
    posts,
    finishedAt: async (at) => {
      const { clientId } = chain.client;
      const id = await acceptRecord(redis, keys, keyRing, { clientId, submittedAt: startedAt + at });
      const completedAt = new Date(startedAt + at).toISOString();
      const outcome = makeOutcome({ completedAt });
      await finishVerification(storeOf(redis, keys), makeFinishing(id, { clientId, outcome }));
      due.push({ id, at: startedAt + at, startedBefore: false });
      return id;
    },
    run: async (until = Number.POSITIVE_INFINITY) => {
      for (;;) {
        due.sort((a, b) => a.at - b.at);
        const next = due[0];
        if (next === undefined || next.at > startedAt + until) return;
        due.shift();
        clock.now = Math.max(clock.now, next.at);
        await runOne(next.id, next.startedBefore);
      }
    },
  };
}
