import { randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { type RunningProcess, startProcess } from '../../dev/start/child.ts';
import { producerEnvironment } from '../../producer/settings.ts';
import { startProducer } from '../../producer/start-producer.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/app.ts';
import { EnvironmentError } from '../../shared/config/environment.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import {
  type ClientCredentials,
  createClient,
  type NewClient,
} from '../../shared/store/clients/create-client.ts';
import { type AccountKeys, accountKeys, type StoreKeys, storeKeys } from '../../shared/store/keys.ts';
import { resolveAccounts } from '../../worker/accounts/account-settings.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { type RunningWorker, startWorker } from '../../worker/worker.ts';
import { programEntry } from './compiled-program.ts';
import { makePerson, makeSubmission, type SubmissionOptions, type TestPerson } from './person.ts';
import { type RecordedLog, recordLog } from './recorded-log.ts';
import { startTestRedis, type TestRedis } from './redis.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

export interface ChainOptions {
  /** A Redis that several chains share, each on a lane of its own. @default one of its own, which ends with the chain */
  readonly redis?: TestRedis;
  /** A Redis of another kind, in its place. */
  readonly elsewhere?: OtherRedis;
  /** Settings of producer and workers besides the quick ones below. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly sandbox?: Partial<SandboxOptions>;
  /** Workers in this process from the start. @default 1 */
  readonly workers?: number;
  /** Fills Redis before any part of it is used. The addresses are `host:port`. */
  readonly seed?: (redis: Redis, addresses: ChainAddresses) => Promise<void>;
}

/** Sentinels or a cluster: the test starts and ends it. */
export interface OtherRedis {
  readonly url: string;
  /** What else its processes need to get in. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A connection of the test's own. */
  connect(): Redis;
}

export interface ChainAddresses {
  readonly sandbox: string;
  readonly receiver: string;
}

/** Everything from HTTP to webhook, on real sockets and a real Redis. */
export interface Chain {
  /** The producer's address. */
  readonly url: string;
  /** What producer and workers were started with; `VERIQUEUE_KEYS` and `REDIS_URL` included. */
  readonly environment: Readonly<Record<string, string>>;
  readonly keys: StoreKeys;
  readonly accountKeys: AccountKeys;
  /** A connection of the test's own. */
  readonly redis: Redis;
  readonly redisServer: TestRedis;
  readonly queues: { readonly verifications: Queue; readonly deliveries: Queue };
  readonly sandbox: Sandbox;
  readonly receiver: WebhookReceiver;
  /** Of the producer and of the workers in this process. */
  readonly log: RecordedLog;
  /** Its callback is the receiver. */
  readonly client: ClientCredentials;
  addClient(client?: Partial<NewClient>): Promise<ClientCredentials>;
  /** A request with the client's key. */
  call(path: string, init?: RequestInit & { readonly as?: ClientCredentials }): Promise<Response>;
  /** Submits a person as JSON. @throws Error when the answer is not 202 */
  submit(person?: TestPerson, options?: SubmissionOptions): Promise<Verification>;
  verification(id: string): Promise<Verification>;
  lane(): Promise<LaneOverview>;
  /** Ends the wait of a postponed verification now, as if its time had come; limits per person are forgotten. */
  skipWait(id: string): Promise<void>;
  addWorker(environment?: Readonly<Record<string, string>>): Promise<RunningWorker>;
  /** A worker that can be killed: `process.kill(part.pid, 'SIGKILL')`, then `await part.ended`. */
  addWorkerProcess(environment?: Readonly<Record<string, string>>): Promise<RunningProcess>;
  stop(): Promise<void>;
}

/** Quick enough for tests: nothing waits for a quota or a backoff unless a test sets one. */
const QUICK = {
  QUOTA_PER_SECOND: '200',
  RETRIES: '2',
  RETRY_BASE: '20ms',
  RETRY_CAP: '200ms',
  PROBE_INTERVAL: '250ms',
  SHUTDOWN_DEADLINE: '5s',
  ALLOW_INSECURE_CALLBACKS: 'true',
  HOST: '127.0.0.1',
  PORT: '0',
};

const SECRET_ID = 'sandbox-secret-id';
const SECRET_KEY = 'sandbox-secret-key';

let chains = 0;

export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  chains += 1;
  const { elsewhere } = options;
  const redisServer =
    options.redis ?? (elsewhere === undefined ? await startTestRedis() : notOurs(elsewhere.url));
  const [sandbox, receiver] = await Promise.all([
    createSandbox({
      host: '127.0.0.1',
      port: 0,
      secretId: SECRET_ID,
      secretKey: SECRET_KEY,
      quotaPerSecond: 1_000_000,
      latencyMs: { min: 5, max: 20 },
      ...options.sandbox,
    }),
    startWebhookReceiver(),
  ]);
  const environment: Record<string, string> = {
    ...QUICK,
    LANE: `test-${chains}`,
    REDIS_URL: redisServer.url,
    VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    FACEID_ENDPOINT: sandbox.url,
    TENCENTCLOUD_SECRET_ID: SECRET_ID,
    TENCENTCLOUD_SECRET_KEY: SECRET_KEY,
    ...elsewhere?.environment,
    ...options.environment,
  };
  const redis = elsewhere?.connect() ?? connect(redisServer.url);
  const hostOf = (url: string) => new URL(url).host;
  await options.seed?.(redis, { sandbox: hostOf(sandbox.url), receiver: hostOf(receiver.url) });
  const log = recordLog();
  const settings = producerEnvironment.parse(environment);
  const producer = await startProducer(settings, { log: log.logger });
  const keys = storeKeys(settings.LANE);
  const account = accountKeys(settings.LANE);
  const addClient = async (client: Partial<NewClient> = {}): Promise<ClientCredentials> => {
    const store = { redis, keys, keyRing: settings.VERIQUEUE_KEYS };
    const defaults = { name: 'test', callbackUrl: receiver.url, allowedOrigins: ['*'], now: Date.now() };
    const made = await createClient(store, { ...defaults, ...client });
    receiver.trust(made.webhookSecret);
    return made;
  };
  const client = await addClient();
  const workers: { stop(): Promise<void> }[] = [];
  const queueOf = (name: string) => {
    const queue = new Queue(name, { connection: redis, prefix: keys.queuePrefix, skipMetasUpdate: true });
    queue.on('error', () => undefined);
    return queue;
  };
  const queues = { verifications: queueOf(keys.verificationQueue), deliveries: queueOf(keys.deliveryQueue) };

  const call: Chain['call'] = (path, { as = client, ...init } = {}) =>
    fetch(`${producer.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${as.apiKey}`, ...init.headers },
    });
  const read = async <T>(path: string): Promise<T> => {
    const answer = await call(path);
    if (!answer.ok) throw new Error(`Cannot read ${path}: received ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const chain: Chain = {
    url: producer.url,
    environment,
    keys,
    accountKeys: account,
    redis,
    redisServer,
    queues,
    sandbox,
    receiver,
    log,
    client,
    addClient,
    call,
    submit: async (person = makePerson(), submission = {}) => {
      const answer = await call('/v1/verifications', {
        method: 'POST',
        body: JSON.stringify(makeSubmission(person, submission)),
        headers: { 'content-type': 'application/json' },
      });
      if (answer.status === 202) return (await answer.json()) as Verification;
      throw new Error(
        `Cannot submit: the answer must be 202, received ${answer.status}: ${await answer.text()}`,
      );
    },
    verification: (id) => read<Verification>(`/v1/verifications/${id}`),
    lane: () => read<LaneOverview>('/v1/lane'),
    skipWait: async (id) => {
      const persons = await redis.keys(account.person('*'));
      if (persons.length > 0) await redis.del(persons);
      const job = await queues.verifications.getJob(id);
      if (!job) throw new Error(`Cannot skip the wait of ${id}: it has no job`);
      // The record is postponed before the job is, and may have been read in between.
      await vi.waitFor(() => job.promote(), { interval: 10, timeout: 60_000 });
    },
    addWorker: async (more = {}) => {
      const whole = { ...environment, ...more };
      const settings = workerEnvironment.parse(whole);
      const resolved = resolveAccounts(settings, whole);
      if (!resolved.ok) throw new EnvironmentError(resolved.mistakes);
      const worker = await startWorker({ ...settings, accounts: resolved.accounts }, log.logger);
      let stopping: Promise<void> | undefined;
      const stoppable = {
        ...worker,
        stop: () => {
          stopping ??= worker.stop();
          return stopping;
        },
      };
      workers.push(stoppable);
      return stoppable;
    },
    addWorkerProcess: async (more = {}) => {
      const part = await startProcess({
        name: 'worker',
        folder: 'worker',
        entry: await programEntry('worker/main'),
        environment: { PATH: process.env['PATH'], ...environment, ...more },
        output: process.env['TEST_OUTPUT'] === 'show' ? 'inherit' : openSync('/dev/null', 'w'),
        readyWithinMs: 30_000,
        stopWithinMs: 20_000,
      });
      workers.push(part);
      return part;
    },
    stop: async () => {
      await producer.stop();
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all([sandbox.close(), receiver.close()]);
      await Promise.all([queues.verifications.close(), queues.deliveries.close()]);
      redis.disconnect();
      if (!options.redis && !elsewhere) await redisServer.stop();
    },
  };
  for (let started = 0; started < (options.workers ?? 1); started += 1) await chain.addWorker();
  return chain;
}

/** What is done to it, its own interface does. */
function notOurs(url: string): TestRedis {
  const refuse = () => {
    throw new Error('Cannot do this to a Redis that the chain did not start');
  };
  return {
    url,
    dataDir: '',
    pid: 0,
    down: refuse,
    crash: refuse,
    up: refuse,
    hang: refuse,
    wake: refuse,
    stop: refuse,
  };
}

function connect(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  return redis;
}
