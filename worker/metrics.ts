import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Priority } from '../shared/contract/verification.ts';
import { createPhotoStoreMetrics } from '../shared/photo-store-metrics.ts';
import { createProcessRegistry, registerRedisUp } from '../shared/process-metrics.ts';
import { FIRST_ACCOUNT, type StoreKeys } from '../shared/store/keys.ts';
import type { S3Try } from '../shared/store/subjects/objects/s3-objects.ts';
import type { SlotRank } from './verification/slot-rank.ts';

/**
 * What this process counts: its own work alone, to be summed over workers. What Redis knows about the lane as a whole is
 * shown by the producers. Labels are codes and states of ours, never a person, a client's data or a URL.
 */
export interface WorkerMetrics extends AskingMetrics, DeliveryMetrics, UpkeepMetrics {
  readonly registry: Registry;
  readonly notePhotoStoreTry: (made: S3Try) => void;
}

/** The value of the label `account`: as many as are configured, 100 at most. @param shownAs see `WorkerAccount` */
export const accountLabel = (shownAs: string | null): string => shownAs ?? FIRST_ACCOUNT;

/**
 * @param askRedis resolves when Redis answered; asked at each scrape
 * @param accounts names of those that this process asks
 */
export function createWorkerMetrics(
  keys: StoreKeys,
  askRedis: () => Promise<unknown>,
  accounts: readonly string[] = [FIRST_ACCOUNT],
): WorkerMetrics {
  const registry = createProcessRegistry({ part: 'worker', lane: keys.lane });
  registerRedisUp(registry, askRedis);
  return {
    registry,
    notePhotoStoreTry: createPhotoStoreMetrics([registry]),
    ...createAskingMetrics([registry], accounts),
    ...createDeliveryMetrics([registry]),
    ...createUpkeepMetrics([registry], [keys.verificationQueue, keys.deliveryQueue]),
  };
}

/** From seconds to the seven days of SUBJECT_TTL: a lane may be held, a person deferred, a receiver down for days. */
const SUBMISSION_BUCKETS = [
  0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800,
];

interface AskingMetrics {
  /** `code`: of `labelOfCode`. */
  readonly attempts: Counter<'code' | 'kind' | 'account'>;
  readonly attemptSeconds: Histogram;
  readonly slotsGranted: Counter<'rank' | 'account'>;
  readonly slotWaitSeconds: Histogram;
  readonly finished: Counter<'code' | 'verdict' | 'billed'>;
  readonly verdictSeconds: Histogram<'priority'>;
  readonly promisesBroken: Counter<'priority'>;
}

function createAskingMetrics(registers: Registry[], accounts: readonly string[]): AskingMetrics {
  const slotsGranted = new Counter({
    name: 'veriqueue_slots_granted_total',
    help: 'Slots granted to this process, by the line they were granted to and the account they are of',
    labelNames: ['rank', 'account'],
    registers,
  });
  const ranks: readonly SlotRank[] = ['interactive_retry', 'interactive', 'bulk_retry', 'bulk'];
  // A series that begins at its first increment has no rate for it.
  for (const account of accounts) for (const rank of ranks) slotsGranted.inc({ rank, account }, 0);
  const verdictSeconds = new Histogram({
    name: 'veriqueue_submission_to_verdict_seconds',
    help: 'Time from submission to the final outcome',
    labelNames: ['priority'],
    buckets: SUBMISSION_BUCKETS,
    registers,
  });
  const priorities: readonly Priority[] = ['interactive', 'bulk'];
  for (const priority of priorities) verdictSeconds.zero({ priority });
  const promisesBroken = new Counter({
    name: 'veriqueue_promises_broken_total',
    help: 'Verifications that the upstream was asked about later than their clients were promised',
    labelNames: ['priority'],
    registers,
  });
  for (const priority of priorities) promisesBroken.inc({ priority }, 0);
  return {
    attempts: new Counter({
      name: 'veriqueue_attempts_total',
      help: 'Upstream calls by outcome code, its kind and the account they were made on',
      labelNames: ['code', 'kind', 'account'],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'veriqueue_attempt_duration_seconds',
      help: 'Time from the last byte of the request to the last byte of the answer',
      buckets: [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2, 5, 10],
      registers,
    }),
    slotsGranted,
    slotWaitSeconds: new Histogram({
      name: 'veriqueue_slot_wait_seconds',
      help: 'Time a claimed verification waited for its slot',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
      registers,
    }),
    finished: new Counter({
      name: 'veriqueue_verifications_settled_total',
      help: 'Verifications with a final outcome',
      labelNames: ['code', 'verdict', 'billed'],
      registers,
    }),
    verdictSeconds,
    promisesBroken,
  };
}

interface DeliveryMetrics {
  readonly deliveries: Counter<'result'>;
  readonly deliverySeconds: Histogram;
  readonly eventSeconds: Histogram;
  readonly endpointsDisabled: Counter<'reason'>;
}

function createDeliveryMetrics(registers: Registry[]): DeliveryMetrics {
  const deliveries = new Counter({
    name: 'veriqueue_deliveries_total',
    help: 'Delivery attempts by result',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['accepted', 'refused', 'unreachable']) deliveries.inc({ result }, 0);
  const endpointsDisabled = new Counter({
    name: 'veriqueue_endpoint_holds_total',
    help: 'Endpoints that were held, by reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['gone', 'failing_for_days']) endpointsDisabled.inc({ reason }, 0);
  return {
    deliveries,
    deliverySeconds: new Histogram({
      name: 'veriqueue_delivery_duration_seconds',
      help: 'Time one delivery attempt took',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
      registers,
    }),
    eventSeconds: new Histogram({
      name: 'veriqueue_submission_to_delivery_seconds',
      help: 'Time from submission to the delivered event; an event that is delivered again counts again',
      buckets: SUBMISSION_BUCKETS,
      registers,
    }),
    endpointsDisabled,
  };
}

interface UpkeepMetrics {
  readonly inFlight: Gauge<'queue'>;
  readonly jobErrors: Counter<'queue'>;
  readonly jobsSetAside: Counter<'queue'>;
  readonly jobsStalled: Counter<'queue'>;
  readonly jobsLost: Counter<'queue'>;
  readonly requeued: Counter<'what'>;
  readonly swept: Counter<'what'>;
  readonly sweepErrors: Counter;
  readonly sweepSkipped: Counter<'what'>;
  readonly lastSweep: Gauge;
  readonly photosDeleted: Counter;
}

function createUpkeepMetrics(registers: Registry[], queues: readonly string[]): UpkeepMetrics {
  const byQueue = (described: { readonly name: string; readonly help: string }) => {
    const counter = new Counter({ ...described, labelNames: ['queue'], registers });
    for (const queue of queues) counter.inc({ queue }, 0);
    return counter;
  };
  const inFlight = new Gauge({
    name: 'veriqueue_in_flight',
    help: 'Jobs this process works on now',
    labelNames: ['queue'],
    registers,
  });
  for (const queue of queues) inFlight.set({ queue }, 0);
  const swept = new Counter({
    name: 'veriqueue_swept_total',
    help: 'What a sweep found past its time: subjects that expired, records that were forgotten',
    labelNames: ['what'],
    registers,
  });
  for (const what of ['expired', 'forgotten', 'deadline']) swept.inc({ what }, 0);
  const requeued = new Counter({
    name: 'veriqueue_jobs_requeued_total',
    help: 'Records that no job worked on, and that have one again; jobs that no record stood behind',
    labelNames: ['what'],
    registers,
  });
  for (const what of ['verification', 'delivery', 'orphan']) requeued.inc({ what }, 0);
  const sweepSkipped = new Counter({
    name: 'veriqueue_sweep_skipped_total',
    help: 'Entries that a sweep could do nothing about',
    labelNames: ['what'],
    registers,
  });
  for (const what of ['expired', 'forgotten', 'unanswered', 'undelivered', 'orphans', 'ended'])
    sweepSkipped.inc({ what }, 0);
  const lastSweep = new Gauge({
    name: 'veriqueue_last_sweep_timestamp_seconds',
    help: 'When this process last swept without an error; absent before',
    registers,
  });
  lastSweep.remove();
  return {
    inFlight,
    jobErrors: byQueue({
      name: 'veriqueue_job_errors_total',
      help: 'Jobs that hit an error of ours and came back',
    }),
    jobsSetAside: byQueue({
      name: 'veriqueue_jobs_set_aside_total',
      help: 'Jobs that cannot be worked on',
    }),
    jobsStalled: byQueue({
      name: 'veriqueue_jobs_stalled_total',
      help: 'Jobs whose worker died or hung, as this process found',
    }),
    jobsLost: byQueue({
      name: 'veriqueue_jobs_lost_total',
      help: "Jobs that were another worker's by the time this process was done with them",
    }),
    photosDeleted: new Counter({
      name: 'veriqueue_photos_deleted_total',
      help: 'Photos that this process has deleted from the object store',
      registers,
    }),
    requeued,
    swept,
    sweepSkipped,
    sweepErrors: new Counter({
      name: 'veriqueue_sweep_errors_total',
      help: 'Sweeps that failed',
      registers,
    }),
    lastSweep,
  };
}

/** The endpoints' places and breakers, as this process sees them. */
export function registerEndpointGauges(
  registry: Registry,
  count: () => { readonly inFlight: number; readonly open: number },
): void {
  new Gauge({
    name: 'veriqueue_endpoint_places_in_use',
    help: 'Deliveries that hold a place at their endpoint now',
    registers: [registry],
    collect() {
      this.set(count().inFlight);
    },
  });
  new Gauge({
    name: 'veriqueue_endpoint_breakers_open',
    help: 'Endpoints that do not answer: their deliveries are parked, but for a probe now and then',
    registers: [registry],
    collect() {
      this.set(count().open);
    },
  });
}
