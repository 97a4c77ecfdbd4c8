import { type Chain, type ChainDeps, simulatedKeys, startChain } from './chain.ts';
import { startSubmitter } from './client.ts';
import { type Inflicted, scheduleFaults } from './faults.ts';
import { type Breach, judge } from './judge.ts';
import type { Plan } from './plan.ts';
import { createWatch } from './watch.ts';
import { enterWorld } from './world/active-world.ts';
import { Trace } from './world/trace.ts';
import { enterNetwork, Network } from './world/virtual-network.ts';
import { disableStorages } from './world/virtual-storage.ts';
import { World } from './world/world.ts';

export interface Simulation {
  readonly plan: Plan;
  readonly breaches: readonly Breach[];
  readonly inflicted: readonly Inflicted[];
  readonly digest: string;
  readonly trace: readonly string[];
  readonly steps: number;
  readonly virtualMs: number;
  readonly chain: Chain;
}

export interface SimulateOptions extends ChainDeps {
  readonly keepTrace?: boolean;
}

/** By then everything that was accepted must have been acknowledged: the longest of backoffs and deliveries, and more. */
const PATIENCE_MS = 240_000;
/** For sweeps, and for what comes twice. */
const AFTERMATH_MS = 6_000;
const JUDGED_WITHIN_MS = 30_000;

const JOBS = [simulatedKeys.verificationQueue, simulatedKeys.deliveryQueue].map(
  (queue) => `${simulatedKeys.queueStart(queue)}ver_`,
);

/** Whether no job is left: looked up again only when keys have changed. */
function quietWatch({ redis }: Chain): () => boolean {
  const seen = { changes: -1, keyspace: redis.keyspace, quiet: false };
  return () => {
    const { keyspace } = redis;
    if (seen.changes === keyspace.changes && seen.keyspace === keyspace) return seen.quiet;
    seen.changes = keyspace.changes;
    seen.keyspace = keyspace;
    seen.quiet = !keyspace.names().some((name) => JOBS.some((start) => name.startsWith(start)));
    return seen.quiet;
  };
}

/** Runs one plan from its beginning to its judgement. The same plan has the same trace. */
export async function simulate(plan: Plan, options: SimulateOptions): Promise<Simulation> {
  const trace = new Trace(options.keepTrace ?? false);
  const world = new World(plan.seed, trace);
  const network = new Network(world);
  enterWorld(world);
  enterNetwork(network);
  // It would end the process of whichever instance it belongs to.
  const unhandled: string[] = [];
  const onUnhandled = (reason: unknown): void => {
    unhandled.push(`${world.current.name} at ${world.now.toFixed(0)} ms: ${String(reason)}`);
  };
  process.on('unhandledRejection', onUnhandled);
  // BullMQ stores them in Redis: a trace would name the paths of this machine.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const chain = await startChain(world, network, plan, options);
    const submitter = startSubmitter(chain, plan.orders);
    const inflicting = scheduleFaults(chain, plan.faults);
    const watch = createWatch(chain, plan);
    const run = (isOver: () => boolean, forMs: number) => world.run(isOver, world.now + forMs, watch.look);
    await run(() => false, Math.max(0, ...plan.faults.map(({ at, forMs }) => at + forMs - world.now)));
    inflicting.calm();
    const isSettled = () =>
      submitter.isDone() &&
      [...submitter.accepted].every(
        ([job, id]) => chain.receiver.acknowledged.has(job) || inflicting.hasForgotten(id),
      );
    const over = await run(isSettled, PATIENCE_MS);
    // What a failover forgot goes its way once more.
    await run(quietWatch(chain), PATIENCE_MS);
    await run(() => false, AFTERMATH_MS);
    const judging: { breaches?: readonly Breach[]; failed?: unknown } = {};
    world.after(0, chain.client, 'judge', () => {
      judge(chain, { plan, submitter, inflicting, over }).then(
        (breaches) => {
          judging.breaches = breaches;
        },
        (error: unknown) => {
          judging.failed = error;
        },
      );
    });
    await world.run(
      () => judging.breaches !== undefined || judging.failed !== undefined,
      world.now + JUDGED_WITHIN_MS,
    );
    if (judging.breaches === undefined) {
      throw new Error(`Seed ${plan.seed} could not be judged`, { cause: judging.failed });
    }
    return {
      plan,
      breaches: [
        ...watch.breaches,
        ...judging.breaches,
        ...unhandled.slice(0, 3).map((detail) => ({ invariant: 'unhandled_rejection', job: null, detail })),
      ],
      inflicted: inflicting.inflicted,
      digest: trace.digest,
      trace: trace.lines,
      steps: world.steps,
      virtualMs: world.now,
      chain,
    };
  } finally {
    process.off('unhandledRejection', onUnhandled);
    Error.stackTraceLimit = stackTraceLimit;
    for (const server of network.servers()) server.close();
    enterNetwork(null);
    enterWorld(null);
    disableStorages(world);
  }
}
