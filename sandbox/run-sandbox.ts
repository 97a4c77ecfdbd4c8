import { maskSettings, parseEnvironment } from '../shared/config/environment.ts';
import { describeListenError } from '../shared/listen-error.ts';
import { createLog } from '../shared/log.ts';
import { type ProcessContext, type ProcessEnd, untilAborted } from '../shared/run-process.ts';
import { createSandbox } from './app.ts';
import { sandboxEnvironment, sandboxOptions } from './settings.ts';

/** How long calls in progress may take to end once the process is asked to stop. */
const DRAIN_MS = 10_000;

const NOT_A_TEST_PERSON =
  'refused a question about an ID number that may be real: the sandbox knows test people only (numbers beginning with 99). Give the worker the credentials of the real account, or submit test people';

/**
 * The sandbox process, from its environment to its end.
 *
 * @throws EnvironmentError; an Error when its port is taken
 */
export async function runSandbox(context: ProcessContext): Promise<ProcessEnd> {
  const settings = parseEnvironment(sandboxEnvironment, context.environment);
  const log = await createLog({
    part: 'sandbox',
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    isTerminal: context.isTerminal,
  });
  log.debug({ event: 'settings', ...maskSettings(settings) }, 'effective settings');
  const sandbox = await createSandbox({
    ...sandboxOptions(settings),
    log: ({ stranger, ...record }) => {
      if (stranger) log.warn({ event: 'not_a_test_person', ...record }, NOT_A_TEST_PERSON);
      else log.debug({ event: 'answered', ...record }, 'call answered');
    },
  }).catch((error: unknown) => {
    const { HOST: host, SANDBOX_PORT: port } = settings;
    throw describeListenError(error, { host, port, hostVariable: 'HOST', portVariable: 'SANDBOX_PORT' });
  });
  process.stdout.write(`Sandbox listening on ${sandbox.url}\n`);
  context.reportReady({ url: sandbox.url });
  await untilAborted(context.signal);
  log.info({ event: 'stopping' }, 'draining');
  await sandbox.close({ graceMs: DRAIN_MS });
  return 'stopped';
}
