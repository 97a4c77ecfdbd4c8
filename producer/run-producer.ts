import { parseEnvironment } from '../shared/config/environment.ts';
import { openKmsKeys } from '../shared/kms/open-kms-keys.ts';
import type { ProcessContext, ProcessEnd } from '../shared/run-process.ts';
import { runService } from '../shared/run-service.ts';
import { producerEnvironment } from './settings.ts';
import { startProducer } from './start-producer.ts';

/**
 * The producer process, from its environment to its end.
 *
 * @throws EnvironmentError; what `startProducer` throws
 */
export async function runProducer(context: ProcessContext): Promise<ProcessEnd> {
  const settings = parseEnvironment(producerEnvironment, await openKmsKeys(context.environment));
  return runService(context, {
    part: 'producer',
    settings,
    start: (options) => startProducer(settings, options),
  });
}
