import { Veriqueue } from '../../client/veriqueue.ts';
import { usageReport } from '../../shared/contract/usage.ts';
import { type Verification, verification } from '../../shared/contract/verification.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { findFreePort } from './free-port.ts';
import { mapAtOnce } from './map-at-once.ts';
import { startPartSlot } from './part-slot.ts';
import { QUICK_SETTINGS } from './quick-settings.ts';
import { listResidue } from './residue.ts';
import type { FeedEntry, ShownVerification } from './storm-facts.ts';
import { logFileOf, makeSecret, type System, type SystemOptions, workerNames } from './system.ts';

const LANE = 'storm';

const QUICK = {
  ...QUICK_SETTINGS,
  SHUTDOWN_DEADLINE: '10s',
  DELIVERY_SCHEDULE: '0s,300ms,500ms,1s,1s,2s,2s,3s,3s,5s,5s,5s',
  LOG_FORMAT: 'json',
};

/** Twice the time in which a killed worker's calls are promised to be asked again. */
const QUIET_MS = 30_000;

/** Starts producer and workers as they run in production, each behind a door of the proxy. */
export async function startVeriqueue(options: SystemOptions): Promise<System> {
  const { redis, onUnaskedExit } = options;
  const keyText = `k1:${makeSecret()}`;
  const keys = storeKeys(LANE);
  const client = await register(options, keyText);
  const port = await findFreePort();
  const common = {
    ...QUICK,
    LANE,
    QUOTA_PER_SECOND: String(options.quotaPerSecond),
    VERIQUEUE_KEYS: keyText,
    FACEID_ENDPOINT: options.upstreamUrl,
    UPSTREAM_TIMEOUT: `${options.upstreamTimeoutMs}ms`,
    TENCENTCLOUD_SECRET_ID: 'storm-secret-id',
    TENCENTCLOUD_SECRET_KEY: 'storm-secret-key',
  };
  const startSlot = async (name: string, folder: 'producer' | 'worker', more: Record<string, string>) =>
    startPartSlot({
      name,
      folder,
      environment: { ...common, REDIS_URL: redis.urlOf(await redis.proxy.open(name)), ...more },
      logFile: logFileOf(options, name),
      onUnaskedExit,
    });
  const producer = await startSlot('producer', 'producer', { PORT: String(port) });
  const workers = await Promise.all(
    workerNames(options.workers).map((name) => startSlot(name, 'worker', {})),
  );
  const url = `http://127.0.0.1:${port}`;
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${client.apiKey}` } });
  const read = async (id: string): Promise<Verification | null> => {
    const answer = await call(`/v1/verifications/${id}`);
    return answer.ok ? verification.parse(await answer.json()) : null;
  };
  return {
    url,
    apiKey: client.apiKey,
    webhookSecret: client.webhookSecret,
    producer,
    workers,
    quietMs: QUIET_MS,
    lockPattern: `${keys.queuePrefix}:${keys.verificationQueue}:*:lock`,
    async repair(jobs) {
      const answers = await mapAtOnce([...jobs.values()], async (id) => {
        const found = await read(id);
        if (found === null || !['dead', 'held'].includes(found.delivery.status)) return false;
        return (await call(`/v1/verifications/${id}/redeliver`, { method: 'POST' })).ok;
      });
      return answers.filter(Boolean).length;
    },
    async show(jobs) {
      const shown = new Map<number, ShownVerification>();
      await mapAtOnce([...jobs], async ([job, id]) => {
        const found = await read(id);
        if (found !== null) shown.set(job, present(found));
      });
      return shown;
    },
    async feed() {
      const feed: FeedEntry[] = [];
      for await (const event of new Veriqueue({ url, apiKey: client.apiKey }).events()) {
        feed.push({ sequence: event.sequence, webhookId: event.type === 'events.gone' ? null : event.id });
      }
      return feed;
    },
    async usage() {
      const answer = await call('/v1/usage');
      return usageReport.parse(await answer.json()).data;
    },
    residue: (admin) => listResidue(admin, keys),
    async stop() {
      await Promise.all([producer.stop(), ...workers.map((worker) => worker.stop())]);
    },
  };
}

function present({ status, delivery, outcome, attempts }: Verification): ShownVerification {
  return {
    status,
    delivery: delivery.status,
    code: outcome?.code ?? null,
    attempts: attempts.map(({ code }) => code),
  };
}

function register({ redis, receiverUrl }: SystemOptions, keyText: string) {
  const parsing = parseKeyRing(keyText);
  if (!parsing.ok) throw new TypeError(parsing.errors.join('; '));
  const { keyRing } = parsing;
  return redis
    .primary()
    .ask((admin) =>
      createClient(
        { redis: admin, keys: storeKeys(LANE), keyRing },
        { name: 'storm', callbackUrl: receiverUrl, allowedOrigins: ['*'], now: Date.now() },
      ),
    );
}
