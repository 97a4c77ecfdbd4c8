import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { readServiceVersion } from './service-version.ts';

/**
 * Gauges that bear a counter's suffix, which Prometheus' own check objects to. The same numbers, by type, are in
 * `nodejs_active_handles`, `…_requests` and `…_resources`.
 */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * How often the delay of the event loop is looked at. Each look wakes an idle process: the default of 10 ms takes a quarter of a percent
 * of a core. An idle process reports this as its delay.
 */
const EVENT_LOOP_LOOK_MS = 25;

/** What every process reports about itself. Each line carries the lane: several may share one Prometheus. */
export function createProcessRegistry({
  part,
  lane,
}: {
  readonly part: 'producer' | 'worker';
  readonly lane: string;
}): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ lane });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const build = new Gauge({
    name: 'veriqueue_build_info',
    help: 'Always 1; which version of which part this is',
    labelNames: ['version', 'part'],
    registers: [registry],
  });
  build.set({ version: readServiceVersion(), part }, 1);
  return registry;
}

/** @param ask resolves when Redis answered this process; asked at each scrape */
export function registerRedisUp(registry: Registry, ask: () => Promise<unknown>): void {
  new Gauge({
    name: 'veriqueue_redis_up',
    help: '1 when Redis answers this process, 0 when it does not',
    registers: [registry],
    async collect() {
      this.set(
        await ask().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
}
