import { EnvironmentError, parseEnvironment } from '../shared/config/environment.ts';
import { openKmsKeys } from '../shared/kms/open-kms-keys.ts';
import type { ProcessContext, ProcessEnd } from '../shared/run-process.ts';
import { runService } from '../shared/run-service.ts';
import { resolveAccounts } from './accounts/account-settings.ts';
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
  const environment = await openKmsKeys(context.environment);
  const proxies = validateProxyVariables(
    environment,
    workerEnvironment.shape.FACEID_ENDPOINT.parse(undefined),
  );
  const settings = parseEnvironment(workerEnvironment, environment, proxies);
  const resolved = resolveAccounts(settings, environment);
  if (!resolved.ok) throw new EnvironmentError(resolved.mistakes);
  const { accounts } = resolved;
  return runService(context, {
    part: 'worker',
    settings,
    // A Redis that accepts connections and answers nothing would hold up the closing without end.
    stopWithinMs: settings.SHUTDOWN_DEADLINE + STOP_GRACE_MS,
    start: async ({ log, tracing, signal }) => {
      for (const { name, missing } of accounts.notServed) {
        log.warn(
          { event: 'account_not_served', account: name, missing },
          'this worker has no secrets of an account, and asks the others',
        );
      }
      const worker = await startWorker({ ...settings, accounts }, log, tracing, signal);
      log.info({ event: 'started', worker: worker.workerId, url: worker.url }, 'worker started');
      return worker;
    },
  });
}
