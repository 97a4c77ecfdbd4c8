import { maskSettings, parseEnvironment } from '../shared/config/environment.ts';
import { createLog } from '../shared/log.ts';
import { type ProcessContext, type ProcessEnd, untilAborted } from '../shared/run-process.ts';
import { startTracing } from '../shared/tracing/start-tracing.ts';
import { producerEnvironment } from './settings.ts';
import { startProducer } from './start-producer.ts';

/**
 * The producer process, from its environment to its end.
 *
 * @throws EnvironmentError; what `startProducer` throws
 */
export async function runProducer(context: ProcessContext): Promise<ProcessEnd> {
  const { environment, signal } = context;
  const settings = parseEnvironment(producerEnvironment, environment);
  const log = await createLog({
    part: 'producer',
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    isTerminal: context.isTerminal,
  });
  log.info({ event: 'settings', ...maskSettings(settings) }, 'effective settings');
  const { tracing, stop: stopTracing } = await startTracing({
    environment,
    serviceName: 'veriqueue-producer',
    log,
  });
  const producer = await startProducer(settings, { log, tracing, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return null;
  });
  if (producer === null) {
    await stopTracing();
    log.info({ event: 'stopped' }, 'producer stopped before it began');
    return 'stopped';
  }
  context.reportReady({ url: producer.url, operationsUrl: producer.operationsUrl });
  await untilAborted(signal);
  await producer.stop();
  await stopTracing();
  return 'stopped';
}
