import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Priority } from '../shared/contract/verification.ts';
import { createPhotoStoreMetrics, registerPhotoStoreUp } from '../shared/photo-store-metrics.ts';
import { createProcessRegistry, registerRedisUp } from '../shared/process-metrics.ts';
import type { S3Try } from '../shared/store/subjects/objects/s3-objects.ts';
import type { SubjectStore } from '../shared/store/subjects/subject-store.ts';
import type { BodyBudget } from './body/body-budget.ts';
import { type LaneGaugesDeps, registerLaneGauges } from './lane-gauges.ts';
import { registerShareGauges, type ShareGaugesDeps } from './shares/share-gauges.ts';

type SocketCounts = () => { readonly busy: number; readonly idle: number };

export interface ProducerMetrics {
  readonly registry: Registry;
  countRequest(request: {
    readonly method: string;
    /** The route's pattern, never the URL: that holds ids and would grow without end. */
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** The client closed the connection before it was answered. */
  countAbort(request: { readonly method: string; readonly route: string }): void;
  /** @param result `accepted`, `replayed`, or the code of the problem it was answered with */
  countSubmission(result: string): void;
  /** A client asked for its event again. @param result `redelivered`, or the code of the problem */
  countRedelivery(result: string): void;
  countAccepted(priority: Priority): void;
  /** A connection was not served, or closed for another. */
  countTurnedAway(reason: 'evicted' | 'refused' | 'dropped'): void;
  notePhotoStoreTry(made: S3Try): void;
  /** Adds a listener whose connections are counted. */
  watchSockets(counts: SocketCounts): void;
}

export interface MetricsDeps extends LaneGaugesDeps, ShareGaugesDeps {
  readonly bodyBudget: BodyBudget;
  readonly subjects: Pick<SubjectStore, 'check'>;
}

export function createMetrics(deps: MetricsDeps): ProducerMetrics {
  const registry = createProcessRegistry({ part: 'producer', lane: deps.keys.lane });
  // Of a cluster, the lane's own shard is asked.
  registerRedisUp(registry, () => deps.redis.exists(deps.keys.writeProbe()));
  registerPhotoStoreUp(registry, deps.subjects);
  registerLaneGauges(registry, deps);
  registerShareGauges(registry, deps);
  const registers = [registry];
  registerBodyBytes(registers, deps.bodyBudget);
  const requests = new Counter({
    name: 'veriqueue_http_requests_total',
    help: 'HTTP requests answered, by route and status',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'veriqueue_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer',
    labelNames: ['route'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const submissions = new Counter({
    name: 'veriqueue_submissions_total',
    help: 'Submissions by what became of them',
    labelNames: ['result'],
    registers,
  });
  const redeliveries = new Counter({
    name: 'veriqueue_redeliveries_total',
    help: 'Events that clients asked to have delivered again, by what became of it',
    labelNames: ['result'],
    registers,
  });
  const accepted = new Counter({
    name: 'veriqueue_verifications_accepted_total',
    help: 'Verifications accepted by priority, repeats of an Idempotency-Key left out',
    labelNames: ['priority'],
    registers,
  });
  const turnedAway = new Counter({
    name: 'veriqueue_http_sockets_turned_away_total',
    help: 'Connections that were refused or dropped, or closed for another while idle',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['evicted', 'refused', 'dropped']) turnedAway.inc({ reason }, 0);
  const listeners: SocketCounts[] = [];
  registerSockets(registers, listeners);
  const priorities: readonly Priority[] = ['interactive', 'bulk'];
  // A series that begins at its first increment has no rate for it.
  for (const priority of priorities) accepted.inc({ priority }, 0);
  return {
    registry,
    notePhotoStoreTry: createPhotoStoreMetrics(registers),
    countRequest: ({ method, route, status, durationMs }) => {
      requests.inc({ method, route, status });
      durations.observe({ route }, durationMs / 1000);
    },
    countAbort: ({ method, route }) => requests.inc({ method, route, status: 'aborted' }),
    countSubmission: (result) => submissions.inc({ result }),
    countRedelivery: (result) => redeliveries.inc({ result }),
    countAccepted: (priority) => accepted.inc({ priority }),
    countTurnedAway: (reason) => turnedAway.inc({ reason }),
    watchSockets: (counts) => listeners.push(counts),
  };
}

function registerBodyBytes(registers: Registry[], budget: BodyBudget): void {
  new Gauge({
    name: 'veriqueue_http_body_bytes_in_flight',
    help: 'Bytes of request bodies that are being received or worked on',
    registers,
    collect() {
      this.set(budget.bytesInUse());
    },
  });
}

function registerSockets(registers: Registry[], listeners: readonly SocketCounts[]): void {
  new Gauge({
    name: 'veriqueue_http_sockets',
    help: 'Open connections by whether a request is being answered on them',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = listeners.map((count) => count());
      this.set(
        { state: 'busy' },
        counts.reduce((sum, { busy }) => sum + busy, 0),
      );
      this.set(
        { state: 'idle' },
        counts.reduce((sum, { idle }) => sum + idle, 0),
      );
    },
  });
}
