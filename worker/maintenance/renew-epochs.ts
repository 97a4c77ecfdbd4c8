import type { EpochKeys } from '../../shared/store/epochs/epoch-keys.ts';
import { type RenewalRound, renewEpochs } from '../../shared/store/epochs/renew-epochs.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { WorkerContext } from '../context.ts';

/** Often enough that a worker that misses a few rounds still comes before a key is destroyed. */
const EVERY_MS = 60_000;

type Log = Pick<WorkerContext['log'], 'warn' | 'error'>;

/** Keeps what waits under keys of epochs that exist; does nothing where this worker has no store of them. */
export function startRenewingEpochs({
  redis,
  keys,
  epochs,
  log,
}: Pick<WorkerContext, 'redis' | 'keys' | 'log'> & { readonly epochs: EpochKeys | null }): {
  stop(): Promise<void>;
} {
  if (epochs === null) return { stop: async () => undefined };
  let running: Promise<unknown> = Promise.resolve();
  const renew = () =>
    renewEpochs({ redis, keys, epochs }).then(
      (round) => reportRound(log, round),
      (error: unknown) =>
        log.warn(
          { event: 'epoch_renewal_failed', reason: describeRedisError(error) },
          'what waits was not wrapped in the present epoch; it is tried again in a minute',
        ),
    );
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

/** A line for each kind of trouble, with a count and one of the ids: a lost store has as many as wait. */
export function reportRound(log: Log, { lost, passedBy }: RenewalRound): void {
  const [verification] = lost;
  if (verification !== undefined) {
    log.error(
      { event: 'epoch_lost', count: lost.length, verification },
      'waiting subjects cannot be opened any more: the keys of their epochs are lost',
    );
  }
  const [first] = passedBy;
  if (first !== undefined) {
    log.warn(
      { event: 'epoch_renewal_failed', count: passedBy.length, verification: first.id, reason: first.reason },
      'subjects that wait were not wrapped in the present epoch; they are tried again in a minute',
    );
  }
}
