import { AsyncLocalStorage } from 'node:async_hooks';
import { type FlowJob, FlowProducer, type Telemetry } from 'bullmq';
import type { ChainableCommander, Redis } from 'ioredis';

/**
 * Adds a flow and writes of our own in ONE Redis transaction, so that there is never a record without its jobs, nor
 * jobs without their record.
 *
 * BullMQ adds a flow by one MULTI on the connection it was given, and offers no way to join it. This connection's
 * `multi` therefore appends the companion's commands before EXEC, and takes their replies off again. Rejected: writing
 * the record first and the flow after it (a crash in between leaves a verification that a client without a 202 may
 * submit again, to be paid for twice), and a repair job that finds such records (the same, later).
 */
export interface AtomicFlow {
  /**
   * @param companion queues further commands; keys must carry the lane's hash tag
   * @throws the first error of any command of the transaction
   */
  add(flow: FlowJob, companion: (transaction: ChainableCommander) => void): Promise<void>;
  /** Resolves when submissions can be taken. BullMQ remembers a failed start for good; better to know at once. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param redis a connection of its own: its `multi` is changed
 * @param telemetry puts the active trace into the jobs
 */
export function createAtomicFlow(
  redis: Redis,
  prefix: string,
  onError: (error: Error) => void,
  telemetry?: Telemetry,
): AtomicFlow {
  const companions = new AsyncLocalStorage<(transaction: ChainableCommander) => void>();
  joinTransactions(redis, () => companions.getStore());
  const producer = new FlowProducer({
    connection: redis,
    prefix,
    ...(telemetry === undefined ? {} : { telemetry }),
  });
  producer.on('error', onError);
  return {
    add: async (flow, companion) => {
      await companions.run(companion, () => producer.add(flow));
    },
    ready: async () => {
      await producer.waitUntilReady();
    },
    close: () => producer.close(),
  };
}

function joinTransactions(
  redis: Redis,
  companionOf: () => ((transaction: ChainableCommander) => void) | undefined,
): void {
  const begin = redis.multi.bind(redis) as () => ChainableCommander;
  const joined = (): ChainableCommander => {
    const transaction = begin();
    const companion = companionOf();
    if (!companion) return transaction;
    const exec = transaction.exec.bind(transaction);
    transaction.exec = async () => {
      const before = transaction.length;
      companion(transaction);
      const added = transaction.length - before;
      const replies = (await exec()) ?? [];
      const failed = replies.find(([error]) => error !== null);
      if (failed?.[0]) throw failed[0];
      return replies.slice(0, replies.length - added);
    };
    return transaction;
  };
  redis.multi = joined as typeof redis.multi;
}
