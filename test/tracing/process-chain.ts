import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { RunningProcess } from '../../dev/start/child.ts';
import { createSandbox, type Sandbox } from '../../sandbox/app.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { type StoreKeys, storeKeys } from '../../shared/store/keys.ts';
import { type Canary, submissionOf } from '../privacy/canary.ts';
import { watchProcesses } from '../privacy/chain-processes.ts';
import { startTestRedis } from '../support/redis.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

type Settings = Readonly<Record<string, string>>;

/** Producer and worker as processes of their own, for OpenTelemetry is a matter of the whole process. */
export interface ProcessChain {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly sandbox: Sandbox;
  readonly receiver: WebhookReceiver;
  startProducer(settings?: Settings): Promise<RunningProcess>;
  startWorker(settings?: Settings): Promise<RunningProcess>;
  /**
   * Once more, after its `Retry-After`, while a machine that is busy with other things makes Redis late (503). Each try
   * makes a new request.
   */
  call(path: string, makeRequest?: () => RequestInit): Promise<Response>;
  /** @throws Error when the answer is neither 202 nor 503 */
  submit(canary: Canary, makeHeaders?: () => Settings): Promise<Verification>;
  /** What producer and worker have logged with this `event`. */
  logged(event: string): Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

/** Stands in the query of every callback. */
export const CALLBACK_TOKEN = 'open-sesame';

const MOST_TRIES = 10;

export async function startProcessChain(): Promise<ProcessChain> {
  const processes = watchProcesses();
  const [server, receiver, sandbox] = await Promise.all([
    startTestRedis(),
    startWebhookReceiver(),
    createSandbox({
      host: '127.0.0.1',
      port: 0,
      secretId: 'sandbox-secret-id',
      secretKey: 'sandbox-secret-key',
      quotaPerSecond: 1_000_000,
      latencyMs: { min: 0, max: 5 },
    }),
  ]);
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const keys = storeKeys('main');
  const sealingKey = `k1:${randomBytes(32).toString('base64')}`;
  const ring = parseKeyRing(sealingKey);
  if (!ring.ok) throw new Error('Cannot read the sealing key');
  const { apiKey, webhookSecret } = await createClient(
    { redis, keys, keyRing: ring.keyRing },
    {
      name: 'tracing test',
      callbackUrl: `${receiver.url}?token=${CALLBACK_TOKEN}`,
      allowedOrigins: ['*'],
      now: Date.now(),
    },
  );
  receiver.trust(webhookSecret);
  const common = { REDIS_URL: server.url, VERIQUEUE_KEYS: sealingKey, ALLOW_INSECURE_CALLBACKS: 'true' };
  let url = '';
  const call: ProcessChain['call'] = async (path, makeRequest = () => ({})) => {
    for (let tries = 1; ; tries += 1) {
      const request = makeRequest();
      const answer = await fetch(new URL(path, url), {
        ...request,
        headers: { authorization: `Bearer ${apiKey}`, ...(request.headers as Settings) },
      });
      if (answer.status !== 503 || tries === MOST_TRIES) return answer;
      await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1000);
    }
  };
  return {
    redis,
    keys,
    sandbox,
    receiver,
    call,
    startProducer: async (settings = {}) => {
      const producer = await processes.start('producer', { ...common, PORT: '0', ...settings });
      url = producer.url;
      return producer;
    },
    startWorker: (settings = {}) =>
      processes.start('worker', {
        ...common,
        FACEID_ENDPOINT: sandbox.url,
        TENCENTCLOUD_SECRET_ID: 'sandbox-secret-id',
        TENCENTCLOUD_SECRET_KEY: 'sandbox-secret-key',
        QUOTA_PER_SECOND: '200',
        RETRY_BASE: '20ms',
        RETRY_CAP: '50ms',
        DELIVERY_SCHEDULE: '0s,50ms,50ms',
        ...settings,
      }),
    submit: async (canary, makeHeaders = () => ({})) => {
      const answer = await call('/v1/verifications', () => ({
        method: 'POST',
        body: JSON.stringify(submissionOf(canary)),
        headers: { 'content-type': 'application/json', ...makeHeaders() },
      }));
      if (answer.status === 202) return (await answer.json()) as Verification;
      throw new Error(`Cannot submit: the answer must be 202, received ${answer.status}`);
    },
    logged: async (event) => {
      const outputs = await processes.outputs();
      return outputs
        .flatMap(({ bytes }) => bytes.toString('utf8').split('\n'))
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { readonly event?: string })
        .filter((line) => line.event === event);
    },
    stop: async () => {
      await processes.stop();
      await Promise.all([sandbox.close(), receiver.close()]);
      redis.disconnect();
      await server.stop();
    },
  };
}
