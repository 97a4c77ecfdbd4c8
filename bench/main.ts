import { Command } from 'commander';
import { runAccountsBench } from './accounts/accounts-bench.ts';
import { runBatchBench } from './batch/batch-bench.ts';
import { runChainBench } from './chain/chain-bench.ts';
import { runConsoleBench } from './console/console-bench.ts';
import { runDeliveryBench } from './delivery/delivery-bench.ts';
import { runHungBench } from './delivery/hung-bench.ts';
import { runDrainBench } from './drain-bench.ts';
import { runFailoverBench } from './failover/failover-bench.ts';
import { runFeedBench } from './feed/feed-bench.ts';
import { runFeedChain } from './feed/feed-chain.ts';
import { runIdleBench } from './idle-bench.ts';
import { runMemoryBench } from './memory/memory-bench.ts';
import { parseCount, parseCounts, parseName, parseNames, parseSeconds } from './parse-options.ts';
import { runPeersBench } from './peers/peers-bench.ts';
import { runPhotosBench } from './photos/photos-bench.ts';
import { type PromiseBenchOptions, runPromiseBench } from './promises/promise-bench.ts';
import { type QuotaBenchOptions, runQuotaBench } from './quota/bench-quota.ts';
import { QUOTA_ROWS } from './quota/list-cases.ts';
import { runRecoveryBench } from './recovery/recovery-bench.ts';
import { runSealingBench } from './sealing-bench.ts';
import { runSharesBench, type SharesBenchOptions } from './shares/shares-bench.ts';
import { runStartBench } from './start-bench.ts';
import { runSubmissionsBench, type SubmissionsBenchOptions } from './submissions/submissions-bench.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

interface ChainOptions {
  readonly rounds: number;
  readonly verifications: number;
  readonly photoBytes: number;
  readonly concurrency: number;
}

/** Small photos are the harder comparison: the plain pipeline pays for each byte several times, Veriqueue for each job. */
const chainDefaults: ChainOptions = { rounds: 5, verifications: 2_000, photoBytes: 20_000, concurrency: 64 };
const chainWithLargerPhotos: ChainOptions = { ...chainDefaults, verifications: 1_000, photoBytes: 100_000 };
const memoryDefaults = { photos: 1_000, photoBytes: 300_000 };
const photosDefaults = { waiting: [1_000, 1_000_000], photoBytes: 300_000, measured: 300 };
const quotaDefaults = { seconds: 60, rows: QUOTA_ROWS, delayMs: 20, rounds: 1 };
// Several endpoints, because one alone has eight places: what is measured is the machinery, not the cap.
const deliveryDefaults = { rounds: 21, events: 2_000, concurrency: 64, endpoints: [16, 1] };
const hungDefaults = { seconds: 20, eventsPerSecond: 200, endpoints: 100 };
const batchDefaults = { rows: 20_000, photoBytes: 100_000 };
const peersDefaults = { rounds: 5, photoBytes: [20_000, 50_000, 100_000, 300_000], concurrency: 64 };
/** The lower quotas show the choice of accounts where a machine cannot do 200 a second. */
const accountsDefaults = {
  accounts: 10,
  quotas: [20, 10, 5],
  workers: 4,
  verifications: 3_000,
  photoBytes: 20_000,
};
const submissionsDefaults = {
  photoBytes: 20_000,
  body: 'json',
  count: 2_000,
  rounds: 5,
  coldAtOnce: 64,
  burners: 4,
};
const sealingDefaults = { photoBytes: 300_000, rounds: 500 };

const program = new Command('npm run bench --')
  .description('The benchmarks. Without a command: chain, memory and sealing.')
  .action(async () => {
    await runChainBench({ ...chainDefaults, say });
    await runChainBench({ ...chainWithLargerPhotos, say });
    await runMemoryBench({ ...memoryDefaults, say });
    runSealingBench({ ...sealingDefaults, say });
  });

program
  .command('chain')
  .description('verifications per second through the whole chain, beside a plain pipeline')
  .option('--rounds <count>', 'rounds', parseCount, chainDefaults.rounds)
  .option('--verifications <count>', 'of each round and pipeline', parseCount, chainDefaults.verifications)
  .option('--photo-bytes <count>', 'size of each photo', parseCount, chainDefaults.photoBytes)
  .option('--concurrency <count>', 'jobs at once, per queue', parseCount, chainDefaults.concurrency)
  .action((options: ChainOptions) => runChainBench({ ...options, say }));

interface PeersOptions {
  readonly rounds: number;
  readonly photoBytes: readonly number[];
  readonly verifications?: number;
  readonly concurrency: number;
  readonly only?: readonly string[];
}

program
  .command('peers')
  .description(
    'the whole chain over HTTP and as a library, beside pipelines written by hand on BullMQ and Sidekiq',
  )
  .option('--rounds <count>', 'rounds', parseCount, peersDefaults.rounds)
  .option('--photo-bytes <counts>', 'sizes of photos', parseCounts, peersDefaults.photoBytes)
  .option(
    '--verifications <count>',
    'of each round and contender; 600, or 30 MB of photos, unless set',
    parseCount,
  )
  .option('--concurrency <count>', 'jobs at once, per queue', parseCount, peersDefaults.concurrency)
  .option('--only <names>', 'contenders', (text) => text.split(','))
  .action(async (options: PeersOptions) => void (await runPeersBench({ ...options, say })));

program
  .command('submissions')
  .description(
    'submissions over HTTP: processor time, latency at half of the full rate, and a cold producer under load',
  )
  .option('--photo-bytes <count>', 'size of each photo', parseCount, submissionsDefaults.photoBytes)
  .option('--body <kind>', 'json or form', parseName(['json', 'form']), submissionsDefaults.body)
  .option('--count <count>', 'verifications of each phase', parseCount, submissionsDefaults.count)
  .option('--rounds <count>', 'rounds of the warm phases', parseCount, submissionsDefaults.rounds)
  .option('--cold-at-once <count>', 'at once while it is cold', parseCount, submissionsDefaults.coldAtOnce)
  .option('--burners <count>', 'busy programs beside the cold one', parseCount, submissionsDefaults.burners)
  .action((options: Omit<SubmissionsBenchOptions, 'say'>) => runSubmissionsBench({ ...options, say }));

program
  .command('idle')
  .description('what a worker and a producer cost that have nothing to do')
  .option('--seconds <count>', 'measured time', parseCount, 30)
  .action((options: { seconds: number }) => runIdleBench({ ...options, say }));

program
  .command('start')
  .description('npm start to the first submission that is accepted')
  .option('--rounds <count>', 'starts', parseCount, 5)
  .action((options: { rounds: number }) => runStartBench({ ...options, say }));

program
  .command('memory')
  .description('what queued verifications cost in Redis')
  .option('--photos <count>', 'verifications', parseCount, memoryDefaults.photos)
  .option('--photo-bytes <count>', 'size of each photo', parseCount, memoryDefaults.photoBytes)
  .action((options: typeof memoryDefaults) => runMemoryBench({ ...options, say }));

program
  .command('photos')
  .description('what waiting verifications cost whose photos are in an object store, few and very many')
  .option('--waiting <counts>', 'how many wait', parseCounts, photosDefaults.waiting)
  .option('--photo-bytes <count>', 'size of each photo', parseCount, photosDefaults.photoBytes)
  .option('--measured <count>', 'verifications that are measured', parseCount, photosDefaults.measured)
  .option('--packed-bytes <count>', "Redis' hash-max-listpack-value", parseCount)
  .action((options: typeof photosDefaults) => runPhotosBench({ ...options, say }));

program
  .command('sealing')
  .description('what sealing and opening a photo costs')
  .option('--photo-bytes <count>', 'size of the photo', parseCount, sealingDefaults.photoBytes)
  .option('--rounds <count>', 'rounds', parseCount, sealingDefaults.rounds)
  .action((options: typeof sealingDefaults) => runSealingBench({ ...options, say }));

program
  .command('quota')
  .description('arrivals at the upstream: how many in any rolling second, how much of the quota is used')
  .option('--seconds <count>', 'judged time of each case', parseCount, quotaDefaults.seconds)
  .option('--rows <names>', QUOTA_ROWS.join(', '), parseNames(QUOTA_ROWS), quotaDefaults.rows)
  .option('--processes <counts>', 'worker processes; 1,4,16 unless set, 4 for delay and faults', parseCounts)
  .option('--delay-ms <count>', 'most random delay of the row delay', parseCount, quotaDefaults.delayMs)
  .option('--warm-up-seconds <seconds>', 'before it is judged; 5 unless set, 60 for delay', parseSeconds)
  .option('--rounds <count>', 'rounds', parseCount, quotaDefaults.rounds)
  .option('--picture <path>', 'where to write the picture (SVG)')
  .action((options: Omit<QuotaBenchOptions, 'say'>) => runQuotaBench({ ...options, say }));

program
  .command('drain')
  .description('a backlog through the whole chain at 20 a second, and interactive verifications into it')
  .option('--backlog <count>', 'bulk verifications', parseCount, 1_950)
  .option('--interactive <count>', 'interactive ones', parseCount, 50)
  .option('--workers <count>', 'worker processes', parseCount, 4)
  .action((options: { backlog: number; interactive: number; workers: number }) =>
    runDrainBench({ ...options, say }),
  );

interface DeliveryOptions {
  readonly rounds: number;
  readonly events: number;
  readonly concurrency: number;
  readonly endpoints: readonly number[];
  readonly hung?: true;
}

program
  .command('delivery')
  .description('events delivered per second, beside plain BullMQ and undici')
  .option('--rounds <count>', 'rounds', parseCount, deliveryDefaults.rounds)
  .option('--events <count>', 'of each round and worker', parseCount, deliveryDefaults.events)
  .option('--concurrency <count>', 'deliveries at once', parseCount, deliveryDefaults.concurrency)
  .option('--endpoints <counts>', 'endpoints they are for', parseCounts, deliveryDefaults.endpoints)
  .option('--hung', 'instead: what one endpoint of a hundred that hangs does to the others')
  .action(async ({ hung, ...options }: DeliveryOptions) => {
    if (hung) return runHungBench({ ...hungDefaults, concurrency: options.concurrency, say });
    for (const endpoints of options.endpoints) await runDeliveryBench({ ...options, endpoints, say });
  });

program
  .command('batch')
  .description('a batch that is killed twice and resumed, beside a program that only submits')
  .option('--rows <count>', 'rows', parseCount, batchDefaults.rows)
  .option('--photo-bytes <count>', 'size of each photo', parseCount, batchDefaults.photoBytes)
  .action((options: typeof batchDefaults) => runBatchBench({ ...options, say }));

program
  .command('accounts')
  .description(
    'several accounts behind one queue: how much of all quotas is used, also while two of them fail',
  )
  .option('--accounts <count>', 'accounts', parseCount, accountsDefaults.accounts)
  .option('--quotas <counts>', 'calls a second of each account', parseCounts, accountsDefaults.quotas)
  .option('--workers <count>', 'worker processes', parseCount, accountsDefaults.workers)
  .option(
    '--verifications <count>',
    'that wait, for a quota of 20',
    parseCount,
    accountsDefaults.verifications,
  )
  .option('--photo-bytes <count>', 'size of each photo', parseCount, accountsDefaults.photoBytes)
  .action((options: typeof accountsDefaults) => runAccountsBench({ ...options, say }));

program
  .command('recovery')
  .description('workers that are killed: how long after it the upstream is asked again')
  .option('--seed <number>', 'the first seed', parseCount, 1)
  .option('--seeds <count>', 'runs of each case', parseCount, 3)
  .option('--workers <count>', 'worker processes', parseCount, 3)
  .action((options: { seed: number; seeds: number; workers: number }) =>
    runRecoveryBench({ ...options, say }),
  );

program
  .command('failover')
  .description('Redis fails over under load: how long until submissions and outcomes go on, and what is lost')
  .option('--only <word>', 'cases whose names hold this word')
  .action((options: { readonly only?: string }) => runFailoverBench({ ...options, say }));

program
  .command('feed')
  .description('a receiver that reads all of its events again: events per second, memory of the feed')
  .option('--events <count>', 'of one client', parseCount, 20_000)
  .option('--rounds <count>', 'rebuilds', parseCount, 5)
  .option(
    '--chain <events>',
    'through the whole chain to the example receiver, whose database is then dropped',
    parseCount,
  )
  .action(({ chain, ...options }: { events: number; rounds: number; chain?: number }) =>
    chain === undefined ? runFeedBench({ ...options, say }) : runFeedChain({ events: chain, say }),
  );

program
  .command('console')
  .description('the console with many verifications stored: first paint, live updates, memory')
  .option('--verifications <count>', 'stored', parseCount, 100_000)
  .option('--rounds <count>', 'paints, and later live updates', parseCount, 5)
  .option('--seconds <count>', 'how long the page stays open', parseCount, 30)
  .action((options: { verifications: number; rounds: number; seconds: number }) =>
    runConsoleBench({ ...options, say }),
  );

program
  .command('shares')
  .description('shares of the quota between clients, and what their order costs Redis')
  .option('--only <case>', 'flood, faults, weights, lone or cost', 'all')
  .option('--backlog <count>', 'of the one client beside nine others', parseCount, 100_000)
  .option('--seconds <count>', 'how long the nine submit', parseCount, 120)
  .option('--calls <count>', 'of clients that all have a backlog', parseCount, 2_000)
  .option('--workers <count>', 'worker processes', parseCount, 4)
  .option('--waiting <count>', 'verifications of the measurement in Redis', parseCount, 1_000_000)
  .option('--clients <count>', 'clients of the measurement in Redis', parseCount, 10_000)
  .action((options: Omit<SharesBenchOptions, 'say'>) => runSharesBench({ ...options, say }));

program
  .command('promises')
  .description(
    'times that are promised through the whole chain: broken ones, and how long they are beside the wait',
  )
  .option('--verifications <count>', 'of eight clients', parseCount, 2_000)
  .option('--workers <count>', 'worker processes', parseCount, 4)
  .option('--quota-per-second <count>', 'calls a second', parseCount, 20)
  .option('--transient <percent>', "of every second client's calls", parseCount, 0)
  .option('--kill-every <seconds>', 'kills a worker so often', parseCount, 0)
  .action((options: Omit<PromiseBenchOptions, 'say'>) => runPromiseBench({ ...options, say }));

await program.parseAsync();
process.exit(0);
