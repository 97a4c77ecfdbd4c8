import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { requireRedisBinary } from '../support/redis-binary.ts';
import { startPlain } from './plain/plain-system.ts';
import { renderTotals } from './report.ts';
import { runStorm, type StormOptions, type StormReport } from './run-storm.ts';
import { type FaultKind, faultKinds } from './schedule.ts';
import { startVeriqueue } from './veriqueue-system.ts';

interface Options {
  readonly seed: number;
  readonly seeds: number;
  readonly jobs: number;
  readonly workers: number;
  readonly quota: number;
  readonly fsync: 'always' | 'everysec';
  readonly kinds?: readonly FaultKind[];
  readonly each?: true;
  readonly plain?: true;
  readonly keep?: true;
  readonly json?: string;
}

/** More would hide the first; the rest is in the JSON. */
const STORIES_SHOWN = 12;

const say = (line: string) => void process.stdout.write(`${line}\n`);

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError(`must be a whole number of at least 1, received ${text}`);
}

function parseFsync(text: string): Options['fsync'] {
  if (text === 'always' || text === 'everysec') return text;
  throw new InvalidArgumentError(`must be always or everysec, received ${text}`);
}

function parseKinds(text: string): readonly FaultKind[] {
  return text.split(',').map((name) => {
    const kind = faultKinds.find((known) => known === name);
    if (kind === undefined) {
      throw new InvalidArgumentError(`must be of ${faultKinds.join(', ')}, received ${name}`);
    }
    return kind;
  });
}

const program = new Command('npm run storm --')
  .description('Faults of every kind over real processes, judged by logs kept outside of them.')
  .option('--seed <number>', 'the first seed', parseCount, 1)
  .option('--seeds <count>', 'storms, with this seed and those after it', parseCount, 1)
  .option('--jobs <count>', 'verifications of each storm', parseCount, 300)
  .option('--workers <count>', 'worker processes', parseCount, 3)
  .option('--quota <count>', 'calls per second', parseCount, 100)
  .option('--fsync <policy>', 'appendfsync of Redis: always or everysec', parseFsync, 'always')
  .option('--kinds <names>', 'faults of these kinds only, with commas between', parseKinds)
  .option('--each', 'one storm for each kind, instead of one for each seed')
  .option('--plain', 'instead: a plain BullMQ pipeline under the same faults')
  .option('--keep', 'keep the output of the processes, also when nothing is broken')
  .option('--json <file>', 'where to write everything as JSON')
  .action(run);

async function run(options: Options): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => stop.abort(new Error('Interrupted')));
  }
  const redisBinary = await requireRedisBinary();
  const reports: StormReport[] = [];
  for (const storm of listStorms(options)) {
    const report = await runStorm({
      ...storm,
      jobs: options.jobs,
      workers: options.workers,
      quotaPerSecond: options.quota,
      fsync: options.fsync,
      keep: options.keep === true,
      redisBinary,
      startSystem: options.plain === true ? startPlain : startVeriqueue,
      signal: stop.signal,
      say,
    });
    reports.push(report);
    show(report);
  }
  say(renderTotals(reports));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(reports, null, 2)}\n`);
  process.exitCode = reports.every(({ judgement }) => judgement.breaches.length === 0) ? 0 : 1;
}

type NamedStorm = Pick<StormOptions, 'name' | 'seed' | 'kinds'>;

function listStorms({ seed, seeds, kinds = faultKinds, each }: Options): readonly NamedStorm[] {
  if (each === true) return kinds.map((kind) => ({ name: kind, seed, kinds: [kind] }));
  return Array.from({ length: seeds }, (_, index) => ({
    name: `seed ${seed + index}`,
    seed: seed + index,
    kinds,
  }));
}

function show({ name, seconds, judgement, stories, folder }: StormReport): void {
  const { breaches } = judgement;
  say(`${name}: ${Math.round(seconds)} s, ${breaches.length} breaches`);
  for (const story of stories.slice(0, STORIES_SHOWN)) say(`\n${story}`);
  if (stories.length > STORIES_SHOWN) say(`\n… and ${stories.length - STORIES_SHOWN} more (--json has them)`);
  if (folder !== null) say(`\nThe processes' output: ${folder}`);
}

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
process.exit();
