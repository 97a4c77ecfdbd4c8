import { once } from 'node:events';
import { maskSettings, parseEnvironment } from '../shared/config/environment.ts';
import { createLog } from '../shared/log.ts';
import { startTracing } from '../shared/tracing/start-tracing.ts';
import { judgeProxyVariables } from './proxy-variables.ts';
import { workerEnvironment } from './settings.ts';
import { startWorker } from './worker.ts';

/** For closing connections and sending the last traces once the drain is over. */
const STOP_GRACE_MS = 5_000;

async function main(): Promise<void> {
  const proxies = judgeProxyVariables(process.env, workerEnvironment.shape.FACEID_ENDPOINT.parse(undefined));
  const settings = parseEnvironment(workerEnvironment, process.env, proxies);
  const log = await createLog({
    part: 'worker',
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
    serviceName: 'veriqueue-worker',
    log,
  });
  const worker = await startWorker(settings, log, tracing, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
    return null;
  });
  if (worker === null) {
    await stopTracing();
    log.info({ event: 'stopped' }, 'worker stopped before it began');
    return;
  }
  log.info({ event: 'started', worker: worker.workerId, url: worker.url }, 'worker started');
  process.send?.({ ready: true, url: worker.url });
  await stopAsked;
  log.info({ event: 'stopping' }, 'draining');
  // A Redis that accepts connections and answers nothing would hold the closing up for ever.
  setTimeout(() => {
    log.fatal({ event: 'stop_overdue' }, 'the worker cannot stop in order');
    process.exit(1);
  }, settings.SHUTDOWN_DEADLINE + STOP_GRACE_MS).unref();
  await worker.stop();
  await stopTracing();
  log.info({ event: 'stopped' }, 'worker stopped');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
