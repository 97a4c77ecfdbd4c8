import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { LimiterOptions } from '../../shared/account/limiter/limiter-settings.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { watchOthers } from '../peers/read-process.ts';
import type { AskerOrders } from './asker-orders.ts';
import { type Judgement, judge } from './judge.ts';
import { type Arrival, type RecorderProgram, startRecorder } from './recorder.ts';

/** One limiter under one load. */
export interface QuotaCase {
  readonly name: string;
  readonly limiter: AskerOrders['limiter'];
  readonly processes: number;
  readonly seconds: number;
  /** Before the judged time; longer where the margin first has to find its place. */
  readonly warmUpSeconds: number;
  readonly networkMs: number;
  /** The recorder refuses what fixed seconds do not allow, and the lane hears of it. */
  readonly enforced: boolean;
  /** Kills one process every 2 s and starts another, and stops one for 10 s. */
  readonly faults: boolean;
  readonly quota: number;
  readonly bodyBytes: readonly [number, number];
  readonly laneOptions?: LimiterOptions;
}

export interface QuotaResult {
  readonly case: QuotaCase;
  readonly judgement: Judgement;
  /** Calls of the limiter's script, all processes together; undefined for BullMQ. */
  readonly scriptCallsPerSecond: number | undefined;
  readonly arrivals: readonly Arrival[];
  /** What the rest of the machine used of all processors; undefined where nothing says so. */
  readonly othersPercent: number | undefined;
}

const ASKER = fileURLToPath(new URL('asker.ts', import.meta.url));
const REPLY_MS = [150, 550] as const;

export async function runQuotaCase(
  program: RecorderProgram,
  redisUrl: string,
  quotaCase: QuotaCase,
): Promise<QuotaResult> {
  const redis = openRedis(
    {
      url: redisUrl,
      log: { info: () => undefined, warn: () => undefined },
    },
    'unbatched',
  );
  await redis.flushall();
  const { networkMs, enforced, quota, limiter, warmUpSeconds, seconds } = quotaCase;
  const recorder = await startRecorder(program, {
    replyMs: REPLY_MS,
    networkMs,
    limit: enforced ? quota : 0,
  });
  if (limiter !== 'lane') await fillQueue(redisUrl, quota * (warmUpSeconds + seconds) * 2);
  const askers = new Askers({
    redisUrl,
    port: recorder.port,
    quota,
    limiter,
    bodyBytes: quotaCase.bodyBytes,
    concurrency: Math.ceil((1.6 * quota) / quotaCase.processes) + 2,
    ...(quotaCase.laneOptions === undefined ? {} : { laneOptions: quotaCase.laneOptions }),
  });
  try {
    await askers.start(quotaCase.processes);
    await delay(warmUpSeconds * 1000);
    const readOthers = watchOthers();
    const fromMs = Date.now();
    const callsBefore = await countScriptCalls(redis);
    const faults = quotaCase.faults ? askers.disturb(seconds * 1000) : undefined;
    await delay(seconds * 1000);
    const untilMs = Date.now();
    const othersPercent = readOthers();
    const scriptCalls = (await countScriptCalls(redis)) - callsBefore;
    await faults;
    await delay(100);
    const arrivals = [...recorder.arrivals];
    return {
      case: quotaCase,
      judgement: judge(arrivals, { fromMs, untilMs }, quota),
      scriptCallsPerSecond: limiter === 'lane' ? scriptCalls / seconds : undefined,
      othersPercent,
      arrivals: arrivals.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs),
    };
  } finally {
    await askers.stop();
    await recorder.stop();
    redis.disconnect();
  }
}

async function fillQueue(redisUrl: string, jobs: number): Promise<void> {
  const connection = openRedis(
    {
      url: redisUrl,
      log: { info: () => undefined, warn: () => undefined },
    },
    'unbatched',
  );
  const queue = new Queue('bench', { connection });
  await queue.addBulk(Array.from({ length: jobs }, () => ({ name: 'send', data: {} })));
  await queue.close();
  connection.disconnect();
}

async function countScriptCalls(redis: Redis): Promise<number> {
  const stats = await redis.info('commandstats');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}

/** The worker processes of one case. */
class Askers {
  readonly #orders: AskerOrders;
  #children: ChildProcess[] = [];

  constructor(orders: AskerOrders) {
    this.#orders = orders;
  }

  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#spawn()));
  }

  /** Every 2 s one process dies and another takes its place; a quarter in, one that lives on stands still for 10 s. */
  async disturb(forMs: number): Promise<void> {
    const until = Date.now() + forMs - 2000;
    const [stopped] = this.#children;
    const stop = delay(forMs / 4).then(() => stopped?.kill('SIGSTOP'));
    const resume = stop.then(() => delay(10_000)).then(() => stopped?.kill('SIGCONT'));
    while (Date.now() < until) {
      await delay(2000);
      const victim = this.#children[1];
      if (!victim) break;
      const dead = once(victim, 'exit');
      victim.kill('SIGKILL');
      await dead;
      this.#children = this.#children.filter((child) => child !== victim);
      await this.#spawn();
    }
    await resume;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const dead = once(child, 'exit');
        child.kill('SIGKILL');
        await dead;
      }),
    );
  }

  async #spawn(): Promise<void> {
    const child = spawn(process.execPath, ['--import', 'tsx', ASKER, JSON.stringify(this.#orders)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    await once(child.stdout, 'data');
  }
}
