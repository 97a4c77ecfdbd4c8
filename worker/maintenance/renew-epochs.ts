import type { EpochKeys } from '../../shared/store/epochs/epoch-keys.ts';
import { renewEpochs } from '../../shared/store/epochs/renew-epochs.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { WorkerContext } from '../context.ts';

/** Often enough that a worker that misses a few rounds still comes before a key is destroyed. */
const EVERY_MS = 60_000;

/** Keeps what waits under keys of epochs that exist; does nothing where this worker has no store of them. */
export function startRenewingEpochs({
  redis,
  keys,
  epochs,
  now,
  log,
}: Pick<WorkerContext, 'redis' | 'keys' | 'now' | 'log'> & { readonly epochs: EpochKeys | null }): {
  stop(): Promise<void>;
} {
  if (epochs === null) return { stop: async () => undefined };
  const report = (id: string, reason: string) =>
    log.error(
      { event: 'epoch_lost', verification: id, reason },
      'a waiting subject cannot be opened any more',
    );
  let running: Promise<unknown> = Promise.resolve();
  const renew = async () => {
    await renewEpochs({ redis, keys, epochs, now, report }).catch((error: unknown) =>
      log.warn(
        { event: 'epoch_renewal_failed', reason: describeRedisError(error) },
        'what waits was not wrapped in the present epoch; it is tried again in a minute',
      ),
    );
  };
  const timer = setInterval(() => {
    running = running.then(renew);
  }, EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
