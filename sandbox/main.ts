import { maskSettings, parseEnvironment } from '../shared/config/environment.ts';
import { createLog } from '../shared/log.ts';
import { createSandbox } from './app.ts';
import { sandboxEnvironment, sandboxOptions } from './settings.ts';

/** How long calls in progress may take to end once the process is told to stop. */
const DRAIN_MS = 10_000;

const NOT_A_TEST_PERSON =
  'refused a question about an ID number that may be real: the sandbox knows test people only (numbers beginning with 99). Give the worker the credentials of the real account, or submit test people';

async function main(): Promise<void> {
  const settings = parseEnvironment(sandboxEnvironment, process.env);
  const log = await createLog({
    part: 'sandbox',
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    isTerminal: process.stdout.isTTY === true,
  });
  log.info({ event: 'settings', ...maskSettings(settings) }, 'effective settings');
  const stopAsked = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  const sandbox = await createSandbox({
    ...sandboxOptions(settings),
    log: ({ stranger, ...record }) => {
      if (stranger) log.warn({ event: 'not_a_test_person', ...record }, NOT_A_TEST_PERSON);
      else log.debug({ event: 'answered', ...record }, 'call answered');
    },
  });
  process.stdout.write(`Sandbox listening on ${sandbox.url}\n`);
  process.send?.({ ready: true, url: sandbox.url });
  await stopAsked;
  log.info({ event: 'stopping' }, 'draining');
  await sandbox.close({ graceMs: DRAIN_MS });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
