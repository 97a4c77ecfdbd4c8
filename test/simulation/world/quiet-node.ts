import { createRequire, syncBuiltinESMExports } from 'node:module';

const require = createRequire(import.meta.url);

interface FastTimers {
  setTimeout: unknown;
  clearTimeout: unknown;
  setFastTimeout: unknown;
  clearFastTimeout: unknown;
}

/**
 * Takes out what measures the machine, or keeps time by itself: undici's timer of half a second, which all of its
 * clients in a process share, would end with the first instance that is killed.
 */
export function quietNode(): void {
  const timers = require('undici/lib/util/timers.js') as FastTimers;
  timers.setTimeout = (run: (arg: unknown) => void, ms: number, arg: unknown) => setTimeout(run, ms, arg);
  timers.setFastTimeout = timers.setTimeout;
  timers.clearTimeout = (timer: NodeJS.Timeout) => clearTimeout(timer);
  timers.clearFastTimeout = timers.clearTimeout;
  const hooks = require('node:perf_hooks') as Record<string, unknown>;
  const nothing = () => undefined;
  hooks['monitorEventLoopDelay'] = () => ({
    enable: nothing,
    disable: nothing,
    reset: nothing,
    percentile: () => 0,
    min: 0,
    max: 0,
    mean: 0,
    stddev: 0,
  });
  hooks['PerformanceObserver'] = class {
    observe = nothing;
    disconnect = nothing;
  };
  syncBuiltinESMExports();
}
