import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RunningProcess } from '../../dev/start/child.ts';
import { startBenchWorker } from '../bench-process.ts';
import { type BenchRedis, startBenchRedis } from '../bench-redis.ts';
import { LANE, registerClient } from '../chain/veriqueue-chain.ts';
import type { VeriqueueSubmitterOrders } from '../chain/veriqueue-submitter.ts';
import { startChild } from '../child.ts';
import { type Recorder, type RecorderProgram, startRecorder } from '../quota/recorder.ts';
import { makeKeyText } from '../submitter.ts';

export interface AccountsStageOptions {
  readonly accounts: number;
  readonly quotaPerSecond: number;
  readonly photoBytes: number;
  readonly recorder: RecorderProgram;
  readonly say: (line: string) => void;
}

/**
 * Several accounts, with everything that takes part a process of its own: Redis, one recorder for each account, receiver,
 * submitter, and the workers as the image runs them. This process only reads what the recorders print.
 */
export interface AccountsStage {
  /** In the order of the accounts; the first is `main`. */
  readonly recorders: readonly Recorder[];
  readonly redis: BenchRedis;
  /** Accepts so many verifications as a producer does, before any worker starts. */
  submit(count: number): Promise<void>;
  /** Resolves once so many different events have come. */
  answered(count: number): Promise<void>;
  addWorkers(count: number): Promise<readonly RunningProcess[]>;
  stop(): Promise<void>;
}

const WORKER_SETTINGS = { RETRIES: '5', LOG_LEVEL: 'warn', PROBE_INTERVAL: '60s' };
/** As docs/sizing.md has it: what all workers have in flight together is so many seconds of all quotas. */
const SECONDS_IN_FLIGHT = 3;
const REPLY_MS = [150, 550] as const;

export async function startAccountsStage(options: AccountsStageOptions): Promise<AccountsStage> {
  const { accounts, quotaPerSecond, photoBytes, recorder, say } = options;
  const redis = await startBenchRedis(say);
  const recorders = await Promise.all(
    Array.from({ length: accounts }, () =>
      startRecorder(recorder, { replyMs: REPLY_MS, networkMs: 0, limit: quotaPerSecond }),
    ),
  );
  const receiver = await startChild(new URL('../chain/stub-receiver.ts', import.meta.url), {});
  const keyText = makeKeyText();
  const { clientId } = await registerClient({ redisUrl: redis.url, receiverUrl: receiver.url }, keyText);
  const orders: VeriqueueSubmitterOrders = { redisUrl: redis.url, lane: LANE, keyText, clientId, photoBytes };
  const submitter = await startChild(new URL('../chain/veriqueue-submitter.ts', import.meta.url), orders);
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-accounts-'));
  const file = join(folder, 'accounts.yaml');
  await writeFile(file, describeAccounts(recorders, quotaPerSecond));
  const workers: RunningProcess[] = [];
  return {
    recorders,
    redis,
    submit: async (count) => void (await submitter.ask({ first: 0, count })),
    answered: async (count) => void (await receiver.ask({ expect: count })),
    addWorkers: async (count) => {
      const concurrency = Math.ceil((SECONDS_IN_FLIGHT * accounts * quotaPerSecond) / count);
      const environment = { ACCOUNTS_FILE: file, WORKER_CONCURRENCY: String(concurrency) };
      workers.push(
        ...(await Promise.all(Array.from({ length: count }, () => addWorker(redis, keyText, environment)))),
      );
      return workers;
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all([submitter.stop(), receiver.stop(), ...recorders.map((each) => each.stop())]);
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function addWorker(
  { url }: BenchRedis,
  keyText: string,
  environment: Readonly<Record<string, string>>,
): Promise<RunningProcess> {
  return startBenchWorker({
    redisUrl: url,
    lane: LANE,
    keyText,
    environment: { ...WORKER_SETTINGS, ...environment },
  });
}

/** The secrets are those that every worker of a benchmark has: the recorders check nothing. */
function describeAccounts(recorders: readonly Recorder[], quota: number): string {
  return stringify({
    accounts: recorders.map(({ port }, i) => ({
      name: i === 0 ? 'main' : `account-${i + 1}`,
      credentials: {
        secretId: { env: 'TENCENTCLOUD_SECRET_ID' },
        secretKey: { env: 'TENCENTCLOUD_SECRET_KEY' },
      },
      endpoint: `http://127.0.0.1:${port}`,
      quota,
    })),
  });
}
