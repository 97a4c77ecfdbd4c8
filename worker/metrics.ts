import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What this process counts. Labels are codes and states, never a person, a client's data or a URL. */
export interface WorkerMetrics {
  readonly registry: Registry;
  readonly attempts: Counter<'code'>;
  readonly attemptSeconds: Histogram;
  readonly settled: Counter<'verdict' | 'code'>;
  readonly slotWaitSeconds: Histogram;
  readonly deliveries: Counter<'result'>;
  readonly deliverySeconds: Histogram;
  readonly inFlight: Gauge<'queue'>;
  readonly laneHeld: Gauge;
}

/** @param isLaneClosed asked at each scrape; what it cannot tell is left as it was */
export function createWorkerMetrics(isLaneClosed: () => Promise<boolean>): WorkerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    attempts: new Counter({
      name: 'veriqueue_attempts_total',
      help: 'Upstream calls by outcome code',
      labelNames: ['code'],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'veriqueue_attempt_duration_seconds',
      help: 'Time from the last byte of the request to the last byte of the answer',
      buckets: [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2, 5, 10],
      registers,
    }),
    settled: new Counter({
      name: 'veriqueue_verifications_settled_total',
      help: 'Verifications with a final outcome',
      labelNames: ['verdict', 'code'],
      registers,
    }),
    slotWaitSeconds: new Histogram({
      name: 'veriqueue_slot_wait_seconds',
      help: 'Time a claimed verification waited for its slot',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
      registers,
    }),
    deliveries: new Counter({
      name: 'veriqueue_deliveries_total',
      help: 'Delivery attempts by result',
      labelNames: ['result'],
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'veriqueue_delivery_duration_seconds',
      help: 'Time one delivery attempt took',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
      registers,
    }),
    inFlight: new Gauge({
      name: 'veriqueue_in_flight',
      help: 'Jobs this process works on now',
      labelNames: ['queue'],
      registers,
    }),
    laneHeld: new Gauge({
      name: 'veriqueue_lane_held',
      help: '1 while the lane is slow, held or paused',
      registers,
      async collect() {
        const closed = await isLaneClosed().catch(() => null);
        if (closed !== null) this.set(closed ? 1 : 0);
      },
    }),
  };
}
