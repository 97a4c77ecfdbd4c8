import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LaneOverview } from '../shared/contract/lane.ts';
import type { LaneView } from './lane-view.ts';

export interface ProducerMetrics {
  readonly registry: Registry;
  countRequest(request: {
    readonly method: string;
    /** The route's pattern, never the URL: that holds ids and would grow without end. */
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** @param result `accepted`, `replayed`, or the code of the problem it was answered with */
  countSubmission(result: string): void;
}

export function createMetrics(lane: LaneView): ProducerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'veriqueue_http_requests_total',
    help: 'HTTP requests answered, by route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'veriqueue_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer',
    labelNames: ['route'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  const submissions = new Counter({
    name: 'veriqueue_submissions_total',
    help: 'Submissions by what became of them',
    labelNames: ['result'],
    registers: [registry],
  });
  registerLaneGauges(registry, lane);
  return {
    registry,
    countRequest: ({ method, route, status, durationMs }) => {
      requests.inc({ method, route, status });
      durations.observe({ route }, durationMs / 1000);
    },
    countSubmission: (result) => submissions.inc({ result }),
  };
}

/** Read when scraped. A scrape goes on without them when Redis is away: `veriqueue_redis_up` says so. */
function registerLaneGauges(registry: Registry, lane: LaneView): void {
  laneGauge(
    registry,
    lane,
    {
      name: 'veriqueue_backlog',
      help: 'Verifications without an outcome, by where they stand',
      labelNames: ['queue'],
    },
    (gauge, { backlog: { interactive, bulk, retrying, verifying } }) => {
      for (const [queue, count] of Object.entries({ interactive, bulk, retrying, verifying })) {
        gauge.set({ queue }, count);
      }
    },
  );
  laneGauge(
    registry,
    lane,
    { name: 'veriqueue_photos_stored', help: "People's photos stored now" },
    (gauge, { photosStored }) => gauge.set(photosStored.now),
  );
  laneGauge(
    registry,
    lane,
    { name: 'veriqueue_photos_stored_peak', help: "Most people's photos ever stored at once" },
    (gauge, { photosStored }) => gauge.set(photosStored.peak),
  );
  laneGauge(registry, lane, { name: 'veriqueue_redis_up', help: '1 when Redis answers' }, (gauge) =>
    gauge.set(1),
  );
}

/** Each gauge asks for itself, because a scrape collects all metrics at once; the view answers all with one look. */
function laneGauge(
  registry: Registry,
  lane: LaneView,
  description: { readonly name: string; readonly help: string; readonly labelNames?: readonly string[] },
  show: (gauge: Gauge, lane: LaneOverview) => void,
): Gauge {
  return new Gauge({
    name: description.name,
    help: description.help,
    labelNames: [...(description.labelNames ?? [])],
    registers: [registry],
    async collect() {
      this.reset();
      try {
        show(this, await lane.read());
      } catch {
        // Left at its reset value: nothing for labels, 0 for the rest.
      }
    },
  });
}
