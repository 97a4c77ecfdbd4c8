import type { Account } from '../../shared/account/account-pool.ts';
import type { AccountUpstream } from '../../shared/account/limiter/account-upstream.ts';
import { createLimiter } from '../../shared/account/limiter/limiter.ts';
import type { LimiterChange } from '../../shared/account/limiter/limiter-command.ts';
import { createPersonLimit, type PersonLimit } from '../../shared/account/person-limit/person-limit.ts';
import { WORKER } from '../../shared/audit/actor.ts';
import type { Logger } from '../../shared/log.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { type AccountKeys, accountKeys } from '../../shared/store/keys.ts';
import type { PatientWrites } from '../../shared/store/redis/patient-writes.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { WorkerSettings } from '../settings.ts';
import { createUpstreamClient, type UpstreamClient } from '../upstream/upstream-client.ts';
import { AccountLoad } from './account-load.ts';
import type { AccountSettings } from './account-settings.ts';

/** An account with the connection on which this process makes its calls. */
export interface WorkerAccount extends Account {
  readonly endpoint: URL;
  readonly upstream: UpstreamClient;
  readonly region: string | null;
  readonly load: AccountLoad;
  /** In attempts, ledger and logs: its name where a file names the accounts; null where it is the only one. */
  readonly shownAs: string | null;
  /** Reports what the limiter does not know yet, and ends the calls under way. */
  close(): Promise<void>;
}

export interface AccountDeps {
  /** For the calls by person. */
  readonly redis: Redis;
  /** For the limiter: nothing large may stand before its commands. */
  readonly unbatchedRedis: Redis;
  readonly writes: PatientWrites;
  readonly audit: Pick<Audit, 'note'>;
  readonly keyRing: KeyRing;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

export function openAccount(
  settings: WorkerSettings,
  account: AccountSettings,
  deps: AccountDeps,
): WorkerAccount {
  const keys = accountKeys(settings.LANE, account.name);
  const endpoint = new URL(account.endpoint);
  const load = new AccountLoad();
  const limiter = createLimiter({
    redis: deps.unbatchedRedis,
    keys,
    options: {
      quotaPerSecond: account.quotaPerSecond,
      probeIntervalMs: settings.PROBE_INTERVAL,
      slowProbeIntervalMs: settings.SLOW_PROBE_INTERVAL,
    },
    log: deps.log,
    onChange: (change) => noteSuspension(deps.audit, account.name, change),
  });
  const upstream = connectUpstream(settings, account, { endpoint, now: deps.now });
  return {
    name: account.name,
    shownAs: account.shownAs,
    region: account.region ?? null,
    keys,
    quotaPerSecond: account.quotaPerSecond,
    weight: account.weight,
    clients: account.clients === null ? null : new Set(account.clients),
    asks: accountUpstreamOf(account),
    limiter,
    persons: limitPersons(
      settings,
      settings.PERSON_SCOPE === 'all' ? accountKeys(settings.LANE) : keys,
      deps,
    ),
    endpoint,
    upstream: countAnswering(upstream, load),
    load,
    close: async () => {
      await limiter.close();
      await upstream.close();
    },
  };
}

/** The process whose report brought the change about writes it down: once, however many workers there are. */
function noteSuspension(audit: Pick<Audit, 'note'>, account: string, { name, detail }: LimiterChange): void {
  if (name !== 'held' && name !== 'slow' && name !== 'resumed') return;
  // It logs by itself what Redis does not take.
  void audit.note({
    ...WORKER,
    action: name === 'resumed' ? 'resume_account' : 'suspend_account',
    targetKind: 'account',
    target: account,
    result: name,
    ...(detail === '' ? {} : { details: { code: detail } }),
  });
}

/** What the worker asks, as it writes it down for the account. */
function accountUpstreamOf({ endpoint, livemode, label }: AccountSettings): AccountUpstream {
  const { origin, pathname } = new URL(endpoint);
  return { endpoint: `${origin}${pathname === '/' ? '' : pathname}`, livemode, account: label };
}

function connectUpstream(
  settings: WorkerSettings,
  { credentials, region }: AccountSettings,
  { endpoint, now }: { readonly endpoint: URL; readonly now: () => number },
) {
  return createUpstreamClient({
    endpoint,
    credentials,
    ...(region === undefined ? {} : { region }),
    ...fieldEncryption(settings),
    limits: { answerTimeoutMs: settings.UPSTREAM_TIMEOUT },
    now,
  });
}

/** What waits for a slot, and what waits for an answer, are separated where the request leaves. */
function countAnswering(upstream: UpstreamClient, load: AccountLoad): UpstreamClient {
  return {
    ...upstream,
    upload: async (prepared, signal) => {
      const call = await upstream.upload(prepared, signal);
      return {
        ...call,
        complete: () => {
          const noteEnd = load.noteSent();
          return call.complete().finally(noteEnd);
        },
      };
    },
  };
}

/** A call that was made or not made is counted so, however long Redis refuses it. */
function limitPersons(
  settings: WorkerSettings,
  keys: AccountKeys,
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
