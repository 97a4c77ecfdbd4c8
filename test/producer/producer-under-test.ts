import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { HTTP_TIMEOUTS, type HttpTimeouts } from '../../producer/http-limits.ts';
import { type ProducerSettings, producerEnvironment } from '../../producer/settings.ts';
import { type RunningProducer, startProducer } from '../../producer/start-producer.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import type { Logger } from '../../shared/log.ts';
import {
  type ClientCredentials,
  createClient,
  type NewClient,
} from '../../shared/store/clients/create-client.ts';
import { type AccountKeys, accountKeys, type StoreKeys, storeKeys } from '../../shared/store/keys.ts';
import { makeSubmission } from './submission-builder.ts';

export interface ProducerUnderTest extends RunningProducer {
  readonly settings: ProducerSettings;
  readonly keys: StoreKeys;
  readonly accountKeys: AccountKeys;
  /** A connection of the test's own. */
  readonly redis: Redis;
  readonly client: ClientCredentials;
  addClient(client?: Partial<NewClient>): Promise<ClientCredentials>;
  /** A request with the client's key. */
  call(path: string, init?: RequestInit & { readonly as?: ClientCredentials }): Promise<Response>;
  submit(body?: unknown, headers?: Record<string, string>): Promise<Response>;
  submitted(body?: unknown, headers?: Record<string, string>): Promise<Verification>;
  close(): Promise<void>;
}

let lanes = 0;

/** A producer in this process, on a lane of its own. */
export async function startProducerUnderTest(
  redisUrl: string,
  {
    environment = {},
    log = pino({ level: 'silent' }),
    now = Date.now,
    timeouts = HTTP_TIMEOUTS,
  }: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly log?: Logger;
    readonly now?: () => number;
    readonly timeouts?: HttpTimeouts;
  } = {},
): Promise<ProducerUnderTest> {
  lanes += 1;
  const settings = producerEnvironment.parse({
    REDIS_URL: redisUrl,
    PORT: '0',
    LANE: `test-${lanes}`,
    VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ALLOW_INSECURE_CALLBACKS: 'true',
    ...environment,
  });
  const running = await startProducer(settings, { log, now, timeouts });
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const keys = storeKeys(settings.LANE);
  const store = { redis, keys, keyRing: settings.VERIQUEUE_KEYS };
  const addClient = (client: Partial<NewClient> = {}) =>
    createClient(store, { name: 'test', allowedOrigins: ['*'], now: Date.now(), ...client });
  const client = await addClient();
  const call: ProducerUnderTest['call'] = (path, { as = client, ...init } = {}) =>
    fetch(`${running.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${as.apiKey}`, ...init.headers },
    });
  const submit: ProducerUnderTest['submit'] = (body = makeSubmission(), headers = {}) =>
    body instanceof FormData
      ? call('/v1/verifications', { method: 'POST', body, headers })
      : call('/v1/verifications', {
          method: 'POST',
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...headers },
        });
  return {
    ...running,
    settings,
    keys,
    accountKeys: accountKeys(settings.LANE),
    redis,
    client,
    addClient,
    call,
    submit,
    submitted: async (body, headers) => {
      const answer = await submit(body, headers);
      if (answer.status !== 202)
        throw new Error(`expected 202, received ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as Verification;
    },
    close: async () => {
      await running.stop();
      redis.disconnect();
    },
  };
}

export async function readProblem(answer: Response): Promise<Problem> {
  return (await answer.json()) as Problem;
}

/** Every key in Redis, sorted, but for what stands for clients. */
export async function scanKeys({ redis, keys }: ProducerUnderTest): Promise<string[]> {
  const found = await redis.keys(`{vq:${keys.lane}}*`);
  // The probe comes and expires by itself.
  const leftOut = [keys.apiKeys(), keys.apiKeyUses(), keys.writeProbe()];
  return found.filter((key) => !leftOut.includes(key) && !key.startsWith(keys.client(''))).sort();
}

/** What of verifications is in Redis: every key but the queues’ own bookkeeping, and the probe that expires by itself. */
export async function listTraces(producer: ProducerUnderTest): Promise<string[]> {
  return (await scanKeys(producer)).filter(
    (key) => !/:(meta|id|events|pc|marker|write-probe|audit-(?:waiting|trail|head))$/.test(key),
  );
}
