import './world/install.ts';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';

interface Options {
  readonly seed: number;
  readonly seeds: number;
  readonly verifications: number;
  readonly hours?: number;
  readonly plan?: string;
  readonly trace?: string;
  readonly record?: string;
  readonly shrink?: true;
  readonly stopAtFirst?: true;
  readonly having?: string;
  readonly theme?: string;
  readonly plans?: string;
  readonly digests?: true;
  readonly night?: string;
  readonly faults: boolean;
  readonly processes: number;
}

function parseNumber(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new InvalidArgumentError(`must be a number of at least 0, received ${text}`);
}

const program = new Command('npm run simulate --')
  .description(
    'Runs producer, workers, upstream and receiver in one process, under a clock, dice and a Redis of its own.',
  )
  .option('--seed <number>', 'the first seed: the same seed has the same trace', parseNumber, 1)
  .option('--seeds <count>', 'how many', parseNumber, 1)
  .option('--verifications <count>', 'verifications of each seed', parseNumber, 8)
  .option('--hours <count>', 'goes on with further seeds for so long', parseNumber)
  .option('--processes <count>', 'seeds at a time', parseNumber, availableParallelism())
  .option('--no-faults', 'nothing fails but answers of the upstream and the receiver')
  .option('--plan <file>', 'runs this plan, which an earlier run has printed')
  .option('--shrink', 'looks for the shortest plan that fails as well, and prints its story')
  .option('--having <kind>', 'only seeds with a fault of this kind')
  .option('--theme <text>', 'only seeds whose theme has this text: see plan.ts')
  .option('--plans <folder>', 'runs the plans of a folder before the seeds; one processor only')
  .option(
    '--night <file>',
    'seed after seed in one process; totals and the next seed are kept in the file, and a further run goes on from there',
  )
  .option('--stop-at-first', 'ends at the first seed that fails')
  .option('--digests', 'prints a digest of each trace')
  .option('--trace <file>', 'writes the trace of a single seed')
  .option('--record <file>', 'writes what Redis was asked by a single seed, and what it answered')
  .action(async (options: Options) => {
    // What takes timers, sockets and dice from Node is loaded after their stand-ins.
    const { runSeeds } = await import('./run-seeds.ts');
    const { runPlan } = await import('./run-plan.ts');
    const { runNight } = await import('./night.ts');
    const one =
      options.plan !== undefined ||
      options.trace !== undefined ||
      options.record !== undefined ||
      options.shrink === true;
    const text = options.plan === undefined ? undefined : readFileSync(options.plan, 'utf8');
    const { night } = options;
    const failed = one
      ? await runPlan(text, options)
      : await (night === undefined ? runSeeds(options) : runNight({ ...options, night }));
    // Connections and servers of the simulation keep nothing that would have to be waited for.
    process.exit(failed ? 1 : 0);
  });

await program.parseAsync();
