import { parseEnvironment } from '../shared/config/environment.ts';
import type { ProcessContext, ProcessEnd } from '../shared/run-process.ts';
import { runService } from '../shared/run-service.ts';
import { validateProxyVariables } from './proxy-variables.ts';
import { workerEnvironment } from './settings.ts';
import { startWorker } from './worker.ts';

/** For closing connections and sending the last traces once the drain is over. */
export const STOP_GRACE_MS = 5_000;

/**
 * The worker process, from its environment to its end.
 *
 * @throws EnvironmentError; what `startWorker` throws
 */
export async function runWorker(context: ProcessContext): Promise<ProcessEnd> {
  const { environment } = context;
  const proxies = validateProxyVariables(
    environment,
    workerEnvironment.shape.FACEID_ENDPOINT.parse(undefined),
  );
  const settings = parseEnvironment(workerEnvironment, environment, proxies);
  return runService(context, {
    part: 'worker',
    settings,
    // A Redis that accepts connections and answers nothing would hold up the closing without end.
    stopWithinMs: settings.SHUTDOWN_DEADLINE + STOP_GRACE_MS,
    start: async ({ log, tracing, signal }) => {
      const worker = await startWorker(settings, log, tracing, signal);
      log.info({ event: 'started', worker: worker.workerId, url: worker.url }, 'worker started');
      return worker;
    },
  });
}
