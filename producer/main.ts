import { maskSettings, parseEnvironment } from '../shared/config/environment.ts';
import { createLog } from '../shared/log.ts';
import { producerEnvironment } from './settings.ts';
import { startProducer } from './start-producer.ts';

async function main(): Promise<void> {
  const settings = parseEnvironment(producerEnvironment, process.env);
  const log = createLog('producer', settings.LOG_LEVEL);
  log.info({ event: 'settings', ...maskSettings(settings) }, 'effective settings');
  const stopAsked = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    // Whoever started this process over an IPC channel is gone.
    process.once('disconnect', () => resolve());
  });
  const producer = await startProducer(settings, { log });
  process.send?.({ ready: true, url: producer.url });
  await stopAsked;
  await producer.stop();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
