import { once } from 'node:events';
import { maskSettings, parseEnvironment } from '../shared/config/environment.ts';
import { createLog } from '../shared/log.ts';
import { startTracing } from '../shared/tracing/start-tracing.ts';
import { producerEnvironment } from './settings.ts';
import { startProducer } from './start-producer.ts';

async function main(): Promise<void> {
  const settings = parseEnvironment(producerEnvironment, process.env);
  const log = await createLog({
    part: 'producer',
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    isTerminal: process.stdout.isTTY === true,
  });
  log.info({ event: 'settings', ...maskSettings(settings) }, 'effective settings');
  const stop = new AbortController();
  const stopAsked = once(stop.signal, 'abort');
  process.once('SIGTERM', () => stop.abort());
  process.once('SIGINT', () => stop.abort());
  // The process that started this one over an IPC channel is gone.
  process.once('disconnect', () => stop.abort());
  const { tracing, stop: stopTracing } = await startTracing({
    environment: process.env,
    serviceName: 'veriqueue-producer',
    log,
  });
  const producer = await startProducer(settings, { log, tracing, signal: stop.signal }).catch(
    (error: unknown) => {
      if (!stop.signal.aborted) throw error;
      return null;
    },
  );
  if (producer === null) {
    await stopTracing();
    log.info({ event: 'stopped' }, 'producer stopped before it began');
    return;
  }
  process.send?.({ ready: true, url: producer.url, operationsUrl: producer.operationsUrl });
  await stopAsked;
  await producer.stop();
  await stopTracing();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
