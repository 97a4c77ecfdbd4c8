import type { FlowJob, Telemetry } from 'bullmq';
import type { ChainableCommander, Redis } from 'ioredis';
import { PartlyWrittenError } from '../redis/failure.ts';
import type { LoadedScripts, ScriptArgument } from '../redis/script.ts';
import { WITHOUT_HANDSHAKE } from './job-queue.ts';
import { JoinedFlowProducer } from './joined-flow.ts';

/**
 * Adds a flow and writes of our own in ONE Redis transaction, so that there is never a record without its jobs, nor
 * jobs without their record.
 *
 * BullMQ adds a flow by one MULTI on the connection it was given, and offers no way to join it. This connection's
 * `multi` therefore appends the companion's commands before EXEC, and takes their replies off again. Rejected: writing
 * the record first and the flow after it (a crash in between leaves a verification that a client without a 202 may
 * submit again, to be paid for twice), and a repair job that finds such records (the same, later).
 *
 * Redis does not roll back: after SCRIPT FLUSH or a failover it does not know some of the scripts, which fail while the
 * other commands succeed. NOSCRIPT cannot be answered within a transaction, so the whole of it is sent once more, with the
 * scripts' full text: BullMQ passes by jobs that it has, and the companion changes nothing unless the jobs are there. Rejected:
 * the full text each time, 64 kB that Redis would have to hash for every submission.
 */
export interface AtomicFlow {
  /**
   * @param companion queues further commands; keys must carry the lane's hash tag
   * @returns the replies to the companion's commands, in order
   * @throws the first error of any command of the transaction
   */
  add(flow: FlowJob, companion: Companion): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

/** @param loaded which scripts need not be sent as texts: for `appendTo` */
export type Companion = (transaction: ChainableCommander, loaded: LoadedScripts) => void;

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
  const scripts = rememberScripts(redis);
  const producer = new JoinedFlowProducer<Addition>({
    connection: redis,
    prefix,
    ...WITHOUT_HANDSHAKE,
    ...(telemetry === undefined ? {} : { telemetry }),
  });
  joinTransactions(redis, scripts, () => producer.beginning);
  producer.on('error', onError);
  const add = async (flow: FlowJob, addition: Omit<Addition, 'onReplies'>) => {
    let answered: readonly unknown[] = [];
    const onReplies = (replies: readonly unknown[]) => {
      answered = replies;
    };
    await producer.addJoined(flow, { ...addition, onReplies });
    return answered;
  };
  return {
    add: (flow, companion) =>
      add(flow, { companion, fullText: false }).catch((error: unknown) => {
        if (!isForgottenScript(error)) throw error;
        return add(flow, { companion, fullText: true }).catch((second: unknown) => {
          throw isDiscarded(second) ? new PartlyWrittenError(second) : second;
        });
      }),
    close: () => producer.close(),
  };
}

/** Redis refused to queue a command and discarded the transaction as a whole. */
export function isDiscarded(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('EXECABORT');
}

interface Addition {
  readonly companion: Companion;
  /** Whether all scripts are sent as texts. */
  readonly fullText: boolean;
  /** Gets the replies to the companion's commands. */
  readonly onReplies: (replies: readonly unknown[]) => void;
}

function isForgottenScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

interface DefinedScript {
  readonly lua: string;
  readonly numberOfKeys?: number;
}

/** The scripts by which BullMQ adds a flow's jobs. It calls them by these names and its version. */
const ADDS_A_FLOW =
  /^(?:add(?:Standard|Prioritized|Delayed|Parent)Job|releaseParentIfNoPendingDependencies)\b/;

interface BullmqScripts {
  /** Of all of them, by name. */
  readonly texts: ReadonlyMap<string, DefinedScript>;
  /** What ioredis keeps of those that add a flow. */
  readonly ofFlows: Readonly<Record<string, unknown>>;
}

const scriptsOf = new WeakMap<Redis, BullmqScripts>();

/**
 * BullMQ defines its scripts on a connection by this public method, once, and calls them by the names it gave them.
 */
function rememberScripts(redis: Redis): BullmqScripts {
  const known = scriptsOf.get(redis);
  if (known) return known;
  const texts = new Map<string, DefinedScript>();
  const ofFlows: Record<string, unknown> = {};
  const scripts = { texts, ofFlows };
  scriptsOf.set(redis, scripts);
  const define = redis.defineCommand.bind(redis);
  redis.defineCommand = (name, definition) => {
    texts.set(name, definition);
    define(name, definition);
    if (ADDS_A_FLOW.test(name)) ofFlows[name] = Reflect.get(redis.scriptsSet, name);
  };
  return scripts;
}

function joinTransactions(
  redis: Redis,
  scripts: BullmqScripts,
  currentAddition: () => Addition | undefined,
): void {
  const loaded = new Set<string>();
  // The next server may be another one.
  for (const event of ['close', '-node']) redis.on(event, () => loaded.clear());
  const begin = redis.multi.bind(redis) as () => ChainableCommander;
  const joined = (): ChainableCommander => {
    const addition = currentAddition();
    if (!addition) return begin();
    const transaction = beginLean(redis, scripts, begin);
    if (addition.fullText) sendTexts(transaction, scripts.texts);
    const exec = transaction.exec.bind(transaction);
    transaction.exec = async () => {
      // In a cluster, ioredis calls it again for a slot that has moved: what is added behind EXEC is outside of the transaction.
      transaction.exec = exec;
      const before = transaction.length;
      const sent: string[] = [];
      addition.companion(transaction, {
        has: (sha) => !addition.fullText && loaded.has(sha),
        sending: (sha) => void sent.push(sha),
      });
      const added = transaction.length - before;
      const replies = (await exec()) ?? [];
      const errors = replies.flatMap(([error]) => (error === null ? [] : [error]));
      searchPrimary(redis, errors);
      if (errors[0] !== undefined) throw errors[0];
      for (const sha of sent) loaded.add(sha);
      const ours = replies.length - added;
      addition.onReplies(replies.slice(ours).map(([, reply]) => reply));
      return replies.slice(0, ours);
    };
    return transaction;
  };
  redis.multi = joined as typeof redis.multi;
}

/**
 * ioredis copies every script of the connection into each transaction, of BullMQ more than sixty; a flow calls two or three. That
 * was a tenth of what a submission costs its process.
 */
function beginLean(
  redis: Redis,
  { ofFlows }: BullmqScripts,
  begin: () => ChainableCommander,
): ChainableCommander {
  const all = redis.scriptsSet;
  redis.scriptsSet = ofFlows;
  try {
    return begin();
  } finally {
    redis.scriptsSet = all;
  }
}

/**
 * A script's READONLY stands inside EXEC's reply, where ioredis does not look for reasons to connect again: this connection
 * alone would stay with a primary that has become a replica, and refuse every submission.
 */
function searchPrimary(redis: Redis, errors: readonly Error[]): void {
  const { reconnectOnError } = redis.options;
  if (errors.some((error) => reconnectOnError?.(error))) redis.disconnect(true);
}

function sendTexts(transaction: ChainableCommander, scripts: ReadonlyMap<string, DefinedScript>): void {
  for (const [name, { lua, numberOfKeys = 0 }] of scripts) {
    const evaluate = (args: readonly ScriptArgument[]) =>
      transaction.call('eval', [lua, numberOfKeys, ...args]);
    Object.assign(transaction, { [name]: evaluate });
  }
}
