import { maskSettings, parseEnvironment } from '../shared/config/environment.ts';
import { createLog } from '../shared/log.ts';
import { type ProcessContext, type ProcessEnd, untilAborted } from '../shared/run-process.ts';
import { startTracing } from '../shared/tracing/start-tracing.ts';
import { judgeProxyVariables } from './proxy-variables.ts';
import { workerEnvironment } from './settings.ts';
import { startWorker } from './worker.ts';

/** For closing connections and sending the last traces once the drain is over. */
const STOP_GRACE_MS = 5_000;

/**
 * The worker process, from its environment to its end. One that claims no more ends too: standing there it would look
 * alive to whatever could start it again.
 *
 * @throws EnvironmentError; what `startWorker` throws
 */
export async function runWorker(context: ProcessContext): Promise<ProcessEnd> {
  const { environment, signal } = context;
  const proxies = judgeProxyVariables(environment, workerEnvironment.shape.FACEID_ENDPOINT.parse(undefined));
  const settings = parseEnvironment(workerEnvironment, environment, proxies);
  const log = await createLog({
    part: 'worker',
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    isTerminal: context.isTerminal,
  });
  log.info({ event: 'settings', ...maskSettings(settings) }, 'effective settings');
  const { tracing, stop: stopTracing } = await startTracing({
    environment,
    serviceName: 'veriqueue-worker',
    log,
  });
  const worker = await startWorker(settings, log, tracing, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return null;
  });
  if (worker === null) {
    await stopTracing();
    log.info({ event: 'stopped' }, 'worker stopped before it began');
    return 'stopped';
  }
  log.info({ event: 'started', worker: worker.workerId, url: worker.url }, 'worker started');
  context.reportReady({ url: worker.url });
  const end = await Promise.race([
    untilAborted(signal).then(() => 'stopped' as const),
    worker.ended.then(() => 'failed' as const),
  ]);
  log.info({ event: 'stopping' }, 'draining');
  // A Redis that accepts connections and answers nothing would hold the closing up without end.
  context.endWithin(settings.SHUTDOWN_DEADLINE + STOP_GRACE_MS, () =>
    log.fatal({ event: 'stop_overdue' }, 'the worker cannot stop in order'),
  );
  await worker.stop();
  await stopTracing();
  log.info({ event: 'stopped' }, 'worker stopped');
  return end;
}
