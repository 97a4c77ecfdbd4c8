import type { Account } from '../shared/account/account-pool.ts';
import { createLimiter } from '../shared/account/limiter/limiter.ts';
import { createPersonLimit, type PersonLimit } from '../shared/account/person-limit/person-limit.ts';
import type { Logger } from '../shared/log.ts';
import type { KeyRing } from '../shared/sealing/key-ring.ts';
import { accountKeys } from '../shared/store/keys.ts';
import type { PatientWrites } from '../shared/store/redis/patient-writes.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { accountUpstreamOf, type WorkerSettings } from './settings.ts';
import { createUpstreamClient, type UpstreamClient } from './upstream/upstream-client.ts';

/** An account with the connection on which this process makes its calls. */
export interface WorkerAccount extends Account {
  readonly endpoint: URL;
  readonly upstream: UpstreamClient;
  /** Reports what the limiter does not know yet, and ends the calls under way. */
  close(): Promise<void>;
}

export interface AccountDeps {
  /** For the calls by person. */
  readonly redis: Redis;
  /** For the limiter: nothing large may stand before its commands. */
  readonly unbatchedRedis: Redis;
  readonly writes: PatientWrites;
  readonly keyRing: KeyRing;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** The account of the environment. */
export function openAccount(settings: WorkerSettings, deps: AccountDeps): WorkerAccount {
  const keys = accountKeys(settings.LANE);
  const endpoint = new URL(settings.FACEID_ENDPOINT);
  const limiter = createLimiter({
    redis: deps.unbatchedRedis,
    keys,
    options: limiterOptions(settings),
    log: deps.log,
  });
  const upstream = connectUpstream(settings, endpoint, deps.now);
  return {
    keys,
    asks: accountUpstreamOf(settings),
    limiter,
    persons: limitPersons(settings, keys, deps),
    endpoint,
    upstream,
    close: async () => {
      await limiter.close();
      await upstream.close();
    },
  };
}

function limiterOptions(settings: WorkerSettings) {
  return {
    quotaPerSecond: settings.QUOTA_PER_SECOND,
    probeIntervalMs: settings.PROBE_INTERVAL,
    slowProbeIntervalMs: settings.SLOW_PROBE_INTERVAL,
  };
}

function connectUpstream(settings: WorkerSettings, endpoint: URL, now: () => number) {
  return createUpstreamClient({
    endpoint,
    credentials: {
      secretId: settings.TENCENTCLOUD_SECRET_ID,
      secretKey: settings.TENCENTCLOUD_SECRET_KEY,
      ...(settings.TENCENTCLOUD_TOKEN === undefined ? {} : { token: settings.TENCENTCLOUD_TOKEN }),
    },
    ...fieldEncryption(settings),
    limits: { answerTimeoutMs: settings.UPSTREAM_TIMEOUT },
    now,
  });
}

/** A call that was made or not made is counted so, however long Redis refuses it. */
function limitPersons(
  settings: WorkerSettings,
  keys: Account['keys'],
  { writes, ...deps }: AccountDeps,
): PersonLimit {
  const persons = createPersonLimit({
    ...deps,
    keys,
    perMinute: settings.PERSON_PER_MINUTE,
    perDay: settings.PERSON_PER_DAY,
  });
  return {
    admit: persons.admit,
    tagOf: persons.tagOf,
    giveBack: (idCard, reservation) => writes.untilTaken(() => persons.giveBack(idCard, reservation)),
    block: (idCard, until) => writes.untilTaken(() => persons.block(idCard, until)),
  };
}

/** The settings hold that there is a key where one is needed. */
function fieldEncryption({
  FIELD_ENCRYPTION: algorithm,
  FIELD_ENCRYPTION_PUBLIC_KEY: publicKey,
}: WorkerSettings) {
  if (algorithm === 'off' || publicKey === undefined) return {};
  return { encryption: { algorithm, publicKey } };
}
