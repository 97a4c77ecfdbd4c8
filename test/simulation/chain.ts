import { pino } from 'pino';
import { openProducer, type Producer } from '../../producer/library/open-producer.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { type ClientCredentials, createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { resolveAccounts } from '../../worker/accounts/account-settings.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { type RunningWorker, startWorker } from '../../worker/worker.ts';
import { QUICK_SETTINGS } from '../storm/quick-settings.ts';
import type { Plan } from './plan.ts';
import { type ReceiverBook, serveReceiver } from './receiver.ts';
import type { LuaEngine } from './redis/lua-engine.ts';
import { serveRedis } from './redis/serve.ts';
import { RedisServer, type ServerOptions } from './redis/server.ts';
import { SECRET_ID, SECRET_KEY, serveUpstream, type UpstreamBook } from './upstream.ts';
import type { Network } from './world/virtual-network.ts';
import type { Instance, World } from './world/world.ts';

const PORTS = { redis: 6_379, upstream: 3_001, receiver: 8_080 } as const;
const LANE = 'simulated';
const WORKERS = 2;
export const QUOTA_PER_SECOND = 5;

const KEY_TEXT = `k1:${Buffer.alloc(32, 7).toString('base64')}`;

/** Quick enough that a schedule is over in half a minute of its clock; what is promised does not depend on these. */
const ENVIRONMENT = {
  LANE,
  REDIS_URL: `redis://127.0.0.1:${PORTS.redis}`,
  VERIQUEUE_KEYS: KEY_TEXT,
  FACEID_ENDPOINT: `http://127.0.0.1:${PORTS.upstream}`,
  TENCENTCLOUD_SECRET_ID: SECRET_ID,
  TENCENTCLOUD_SECRET_KEY: SECRET_KEY,
  QUOTA_PER_SECOND: String(QUOTA_PER_SECOND),
  UPSTREAM_TIMEOUT: '3s',
  ...QUICK_SETTINGS,
  SHUTDOWN_DEADLINE: '5s',
  DELIVERY_SCHEDULE: '0s,300ms,500ms,1s,1s,2s,2s,3s,3s,5s,5s,5s,5s,5s,10s,10s',
  HOST: '127.0.0.1',
};

/** One process of the system, which can be killed and started again. */
export interface Part<Running> {
  readonly name: string;
  instance: Instance;
  /** Undefined until it has started, and from when it is to stop. */
  running: Running | undefined;
  isStopping: boolean;
}

export interface UnaskedEnd {
  readonly part: string;
  readonly at: number;
  readonly how: string;
}

export interface Chain {
  readonly world: World;
  readonly network: Network;
  readonly redis: RedisServer;
  readonly redisInstance: Instance;
  readonly upstreamInstance: Instance;
  readonly receiverInstance: Instance;
  readonly upstream: UpstreamBook;
  readonly receiver: ReceiverBook;
  /** One library for each client. */
  readonly producer: Part<readonly Producer[]>;
  readonly workers: readonly Part<RunningWorker>[];
  /** Of the judge, which no fault hits. */
  readonly observer: Redis;
  readonly client: Instance;
  readonly clientIds: readonly string[];
  readonly ends: UnaskedEnd[];
  readonly log: LogLine[];
  startWorker(part: Part<RunningWorker>): void;
  startProducer(part: Part<readonly Producer[]>): void;
}

export interface LogLine {
  readonly at: number;
  readonly who: string;
  readonly text: string;
}

/** What one process has another do. It is never settled when either is gone by then. */
export function ask<Result>(world: World, asked: Instance, run: () => Promise<Result>): Promise<Result> {
  const asker = world.current;
  return new Promise((resolve, reject) => {
    world.after(0, asked, 'asked', () => {
      run().then(
        (result) => world.after(0, asker, 'answered', () => resolve(result)),
        (error: unknown) => world.after(0, asker, 'refused', () => reject(error)),
      );
    });
  });
}

export interface ChainDeps {
  readonly engine: LuaEngine;
  /** Gets every command that the simulated Redis carries out. */
  readonly record?: ServerOptions['record'];
}

export async function startChain(
  world: World,
  network: Network,
  plan: Plan,
  deps: ChainDeps,
): Promise<Chain> {
  const [redisInstance, upstreamInstance, receiverInstance, client] = [
    world.add('redis'),
    world.add('upstream'),
    world.add('receiver'),
    world.add('client'),
  ] as const;
  const redis = new RedisServer({
    ...deps,
    now: () => world.wallMs(redisInstance),
    random: () => world.chance.next(),
  });
  const whenDone: { book: UpstreamBook | undefined; receiver: ReceiverBook | undefined } = {
    book: undefined,
    receiver: undefined,
  };
  world.after(0, redisInstance, 'start', () => serveRedis(redis, PORTS.redis));
  world.after(0, receiverInstance, 'start', () => {
    whenDone.receiver = serveReceiver(plan.orders, PORTS.receiver);
  });
  world.after(0, upstreamInstance, 'start', () => {
    void serveUpstream(world, plan.orders, PORTS.upstream).then((book) => {
      whenDone.book = book;
    });
  });
  const log: LogLine[] = [];
  const registered: { observer?: Redis; clientIds?: readonly string[] } = {};
  world.after(1, client, 'register', () => {
    void register(logOf(world, client, log), plan).then(({ observer, made }) => {
      whenDone.receiver?.secrets.push(...made.map(({ webhookSecret }) => webhookSecret));
      Object.assign(registered, { observer, clientIds: made.map(({ clientId }) => clientId) });
    });
  });
  await world.run(() => registered.clientIds !== undefined, 5_000);
  const { observer, clientIds } = registered;
  if (
    observer === undefined ||
    clientIds === undefined ||
    whenDone.book === undefined ||
    whenDone.receiver === undefined
  ) {
    throw new Error('The simulated Redis, upstream and receiver did not start');
  }
  const chain: Chain = {
    world,
    network,
    redis,
    redisInstance,
    upstreamInstance,
    receiverInstance,
    upstream: whenDone.book,
    receiver: whenDone.receiver,
    producer: { name: 'producer', instance: world.add('producer'), running: undefined, isStopping: false },
    workers: Array.from({ length: WORKERS }, (_, index) => {
      const name = `worker-${index + 1}`;
      return { name, instance: world.add(name), running: undefined, isStopping: false };
    }),
    observer,
    client,
    clientIds,
    ends: [],
    log,
    startWorker: (part) => launchWorker(chain, part),
    startProducer: (part) => launchProducer(chain, part),
  };
  for (const worker of chain.workers) chain.startWorker(worker);
  chain.startProducer(chain.producer);
  return chain;
}

function logOf(world: World, instance: Instance, lines: LogLine[]) {
  return pino(
    { level: 'info', base: null, timestamp: false },
    { write: (text: string) => lines.push({ at: world.now, who: instance.name, text }) },
  );
}

async function register(log: ReturnType<typeof logOf>, { clients }: Plan) {
  const observer = openRedis({ url: ENVIRONMENT.REDIS_URL, log }, 'unbatched');
  const parsing = parseKeyRing(KEY_TEXT);
  if (!parsing.ok) throw new TypeError(parsing.errors.join('; '));
  const store = { redis: observer, keys: storeKeys(LANE), keyRing: parsing.keyRing };
  const made: ClientCredentials[] = [];
  for (const [index, { weight }] of clients.entries()) {
    made.push(
      await createClient(store, {
        name: 'simulated',
        callbackUrl: `http://127.0.0.1:${PORTS.receiver}/events${index === 0 ? '' : index}`,
        allowedOrigins: ['*'],
        // Without a weight of its own, as most clients are.
        ...(clients.length === 1 ? {} : { weight }),
        now: Date.now(),
      }),
    );
  }
  return { observer, made };
}

/** After so many ms, what supervises the processes starts one again that has ended. */
export const RESTART_MS = 300;

function launch<Running>(
  chain: Chain,
  part: Part<Running>,
  start: (instance: Instance) => Promise<Running>,
): void {
  const { world, network, ends } = chain;
  if (!part.instance.alive) part.instance = world.add(part.name);
  const { instance } = part;
  part.running = undefined;
  part.isStopping = false;
  world.after(0, instance, 'start', () => {
    start(instance).then(
      (running) => {
        if (part.instance === instance) part.running = running;
      },
      (error: unknown) => {
        ends.push({ part: part.name, at: world.now, how: String(error) });
        world.kill(instance);
        network.drop(instance);
        world.after(RESTART_MS, world.nature, `start ${part.name}`, () => launch(chain, part, start));
      },
    );
  });
}

function launchWorker(chain: Chain, part: Part<RunningWorker>): void {
  launch(chain, part, async (instance) => {
    const settings = workerEnvironment.parse(ENVIRONMENT);
    const resolved = resolveAccounts(settings, ENVIRONMENT);
    if (!resolved.ok) throw new Error(JSON.stringify(resolved.mistakes));
    const log = logOf(chain.world, instance, chain.log);
    const running = await startWorker({ ...settings, accounts: resolved.accounts }, log);
    void running.ended.then(() => {
      if (part.instance === instance && part.running === running) {
        chain.ends.push({ part: part.name, at: chain.world.now, how: 'it claims nothing more' });
      }
    });
    return running;
  });
}

function launchProducer(chain: Chain, part: Part<readonly Producer[]>): void {
  launch(chain, part, (instance) => {
    const log = logOf(chain.world, instance, chain.log);
    const open = (clientId: string): Promise<Producer> =>
      openProducer({
        redisUrl: ENVIRONMENT.REDIS_URL,
        keys: KEY_TEXT,
        clientId,
        lane: LANE,
        allowInsecureCallbacks: true,
        quotaPerSecond: QUOTA_PER_SECOND,
        log,
      });
    return Promise.all(chain.clientIds.map(open));
  });
}

export const simulatedKeys = storeKeys(LANE);
