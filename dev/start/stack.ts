import { join } from 'node:path';
import { readAccountUpstream, resetAccountUpstream } from '../../shared/account/limiter/account-upstream.ts';
import { redisTargetOf } from '../../shared/config/redis-target.ts';
import { assertTrustedFolder, dataFolderOf } from '../../shared/data-folder.ts';
import { ensureDevClient } from '../../shared/store/clients/dev-client.ts';
import { accountKeys, storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { assertRedisFit } from '../../shared/store/redis/fitness.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { RedisLog } from '../../shared/store/redis/redis-log.ts';
import { redisRoles } from '../../shared/store/redis/redis-roles.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { startPrivateRedis } from '../redis/private-redis.ts';
import { findOrInstallRedis } from '../redis/redis-binary.ts';
import { makeRunCommand } from '../redis/run-command.ts';
import { writeAddress } from './address-file.ts';
import { type RunningProcess, startProcess } from './child.ts';
import { loadSealingKeys } from './development-keys.ts';
import { loadOperatorKey, type OperatorKey } from './operator-key.ts';
import { environmentOf } from './process-environment.ts';
import { type StartSettings, usesSandbox } from './settings.ts';

export interface Stack {
  /** The producer's address. */
  readonly url: string;
  readonly workerUrl: string;
  /** Null when the real upstream is used. */
  readonly sandboxUrl: string | null;
  readonly redisUrl: string;
  /** Null when REDIS_URL names a Redis that is not ours to stop. */
  readonly privateRedis: string | null;
  readonly client: { readonly apiKey: string; readonly webhookSecret: string; readonly path: string };
  readonly keysPath: string | null;
  /** Where operators look, and what lets them in. */
  readonly consoleUrl: string;
  readonly operator: OperatorKey;
  readonly workerPid: number;
  /** Resolves when a process ends that was not asked to stop. */
  readonly broken: Promise<string>;
  /** Producer first, so that nothing new comes in; Redis last, so that the worker can drain. */
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly settings: StartSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the output of the processes goes. */
  readonly output: number | 'inherit';
  /** Shows the user what is about to happen. */
  readonly say: (line: string) => void;
  readonly log: RedisLog;
  /** Resolves when the user wants to stop, which may be before everything is up. */
  readonly interrupted: Promise<void>;
}

const READY_WITHIN_MS = 30_000;
/** Longer than the processes' own SHUTDOWN_DEADLINE: they end themselves. */
const STOP_WITHIN_MS = 30_000;

/** In this order: producer first, so that nothing new comes in; Redis last, so that the worker can drain. */
const STOP_ORDER = ['producer', 'worker', 'sandbox', 'redis'] as const;
type StopSteps = Map<(typeof STOP_ORDER)[number], () => Promise<void>>;

/**
 * Brings everything up, each process as soon as what it needs runs. What was started is stopped again
 * when another process does not come up, or the user has had enough.
 *
 * @returns null when it was interrupted
 * @throws Error saying which process did not start and why
 */
export async function startStack(options: StackOptions): Promise<Stack | null> {
  const stops: StopSteps = new Map();
  const stop = async () => {
    for (const part of STOP_ORDER) {
      const step = stops.get(part);
      stops.delete(part);
      await step?.();
    }
  };
  const up = bringUp(options, stops);
  const first = await Promise.race([
    up.then((stack) => ({ by: 'up' as const, stack })),
    options.interrupted.then(() => ({ by: 'interruption' as const })),
  ]).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  if (first.by === 'up') return { ...first.stack, stop };
  // Parts that are on their way up are stopped too, once they are there.
  await up.catch(() => undefined);
  await stop();
  return null;
}

async function bringUp(options: StackOptions, stops: StopSteps): Promise<Omit<Stack, 'stop'>> {
  const { settings } = options;
  const user = { uid: process.geteuid?.(), sudoUid: options.environment['SUDO_UID'] };
  await assertTrustedFolder(dataFolderOf(settings.VERIQUEUE_DATA_DIR, user));
  const keys = await loadSealingKeys(settings.VERIQUEUE_KEYS, settings.VERIQUEUE_DATA_DIR);
  const operator = await loadOperatorKey(settings.OPERATOR_KEY, settings.VERIQUEUE_DATA_DIR);
  const run = (folder: StartedPart, environment: Record<string, string>) =>
    runPart(folder, { ...options, environment: { ...options.environment, ...environment } }, stops);
  const redisUp = findRedis(options, stops).then(async (redis) => ({
    redis,
    client: await makeDevClient(options, redis.url, keys.keyRing),
    environment: {
      REDIS_URL: redis.url,
      ALLOW_INSECURE_CALLBACKS: String(settings.ALLOW_INSECURE_CALLBACKS),
    },
  }));
  const sandboxUp = usesSandbox(settings) ? run('sandbox', sandboxSettings(settings)) : Promise.resolve(null);
  const workerUp = Promise.all([redisUp, findSandbox(settings, sandboxUp)]).then(([{ environment }, url]) => {
    const upstream = url === null ? {} : sandboxCredentials(settings, url);
    return run('worker', { ...environment, VERIQUEUE_KEYS: keys.text, ...upstream });
  });
  const producerUp = redisUp.then(({ environment }) =>
    run('producer', {
      ...environment,
      VERIQUEUE_KEYS: keys.producerText,
      PORT: String(settings.PORT),
      OPERATOR_KEY: operator.key,
    }),
  );
  const [{ redis, client }, sandbox, worker, producer] = await all([
    redisUp,
    sandboxUp,
    workerUp,
    producerUp,
  ]);
  await writeAddress(settings.VERIQUEUE_DATA_DIR, producer.url);
  return {
    url: producer.url,
    workerUrl: worker.url,
    consoleUrl: `${producer.operationsUrl ?? producer.url}/console`,
    operator,
    workerPid: worker.pid,
    sandboxUrl: sandbox?.url ?? null,
    redisUrl: redis.url,
    privateRedis: redis.privateDir,
    client,
    keysPath: keys.path,
    broken: Promise.race([producer, worker, ...(sandbox ? [sandbox] : [])].map((one) => one.ended)),
  };
}

/** Where the sandbox is going to be, known before it listens unless the system chooses its port; null without one. */
async function findSandbox(
  settings: StartSettings,
  sandboxUp: Promise<RunningProcess | null>,
): Promise<string | null> {
  const { HOST, SANDBOX_PORT } = settings;
  if (SANDBOX_PORT === 0 || !usesSandbox(settings)) return (await sandboxUp)?.url ?? null;
  return `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${SANDBOX_PORT}`;
}

type StartedPart = 'producer' | 'worker' | 'sandbox';

/** Starts one process, and notes how it is stopped. */
async function runPart(
  folder: StartedPart,
  { environment, output }: Pick<StackOptions, 'environment' | 'output'>,
  stops: StopSteps,
): Promise<RunningProcess> {
  const started = await startProcess({
    name: folder,
    folder,
    environment: environmentOf(folder, environment),
    output,
    readyWithinMs: READY_WITHIN_MS,
    stopWithinMs: STOP_WITHIN_MS,
  });
  stops.set(folder, started.stop);
  return started;
}

/**
 * As `Promise.all`, but when one fails it waits for the others first: what is still on its way up could not be stopped.
 *
 * @throws what the first of them in the list threw
 */
async function all<T extends readonly unknown[]>(
  starting: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}

const sandboxSettings = (settings: StartSettings) => ({
  SANDBOX_PORT: String(settings.SANDBOX_PORT),
  SANDBOX_SECRET_ID: settings.SANDBOX_SECRET_ID,
  SANDBOX_SECRET_KEY: settings.SANDBOX_SECRET_KEY,
});

const sandboxCredentials = (settings: StartSettings, url: string) => ({
  FACEID_ENDPOINT: url,
  TENCENTCLOUD_SECRET_ID: settings.SANDBOX_SECRET_ID,
  TENCENTCLOUD_SECRET_KEY: settings.SANDBOX_SECRET_KEY,
});

async function findRedis(
  { settings, environment, say, log }: StackOptions,
  stops: StopSteps,
): Promise<{ url: string; privateDir: string | null }> {
  if (settings.REDIS_URL !== undefined) return { url: settings.REDIS_URL, privateDir: null };
  const binary = await findOrInstallRedis({
    env: environment,
    platform: process.platform,
    say,
    run: makeRunCommand(environment),
  });
  if (binary.kind === 'missing') throw new Error(binary.message);
  const dataDir = join(settings.VERIQUEUE_DATA_DIR, 'redis');
  const redis = await startPrivateRedis({ dataDir, binary: binary.path, log });
  stops.set('redis', () => redis.stop());
  return { url: redis.url, privateDir: dataDir };
}

async function makeDevClient(
  { settings, log }: StackOptions,
  url: string,
  keyRing: Awaited<ReturnType<typeof loadSealingKeys>>['keyRing'],
) {
  const redis = openRedis(
    { ...redisTargetOf({ ...settings, REDIS_URL: url }), log, name: 'veriqueue-start' },
    'tool',
  );
  try {
    await waitUntilReady(redis, redisRoles.tool.readyWithinMs);
    await assertRedisFit(redis);
    if (settings.REDIS_URL === undefined && usesSandbox(settings)) await forgetSandbox(redis, settings.LANE);
    return await ensureDevClient({
      redis,
      keys: storeKeys(settings.LANE),
      keyRing,
      dataDir: settings.VERIQUEUE_DATA_DIR,
    });
  } finally {
    await closeRedis(redis);
  }
}

/** A private lane that asked a sandbox may ask another one: it listens on any port that is free. Never a real upstream. */
async function forgetSandbox(redis: Redis, lane: string): Promise<void> {
  const keys = accountKeys(lane);
  if ((await readAccountUpstream(redis, keys))?.livemode === false) await resetAccountUpstream(redis, keys);
}
