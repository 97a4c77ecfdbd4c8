import type { ConsoleClient } from '../../shared/contract/console.ts';
import {
  type ClientDescription,
  describeClient,
  describeTestKeys,
  listClientIds,
} from '../../shared/store/clients/describe-client.ts';
import { presentApiKey } from '../../shared/store/clients/present-api-key.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { readOr } from '../../shared/store/redis/failure.ts';
import type { ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { ledgerDay } from '../../shared/store/usage/ledger.ts';
import { readClientUsage } from '../../shared/store/usage/usage.ts';
import type { ShareView } from '../shares/share-view.ts';
import { readShare } from './client-share.ts';

export interface PresentClientDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly shares: ShareView;
  /** Of the lane for test keys; null where this deployment has none. */
  readonly testKeys: StoreKeys | null;
  readonly report: ReportPassedBy;
  /** ms epoch */
  readonly now: () => number;
}

/** More are looked at by the command line. */
const MAX_LISTED = 500;

/** Every client, oldest first. What cannot be read is passed by and named in the log. */
export async function listClients(
  deps: PresentClientDeps,
): Promise<{ readonly data: readonly ConsoleClient[]; readonly total: number }> {
  const ids = await listClientIds(deps.redis, deps.keys);
  const found = await Promise.all(ids.slice(0, MAX_LISTED).map((id) => findClient(deps, id)));
  return { data: found.filter((client) => client !== null), total: ids.length };
}

/** Null when there is none of this id, or it cannot be read. */
export async function findClient(deps: PresentClientDeps, clientId: string): Promise<ConsoleClient | null> {
  const { redis, keys, now, report } = deps;
  const describing = await describeClient(redis, keys, clientId, now());
  if (describing.status === 'unreadable') report(clientId, 'its fields are damaged');
  if (describing.status !== 'found') return null;
  const day = ledgerDay(now());
  const [stored, usage, share, tests] = await Promise.all([
    readOr(redis.zcard(keys.clientIndex(clientId)), 0),
    readClientUsage(redis, keys, { period: { from: day, to: day }, clientId, now: now(), report }),
    readShare(deps.shares, describing.client),
    describeTestKeys(redis, deps.testKeys, clientId),
  ]);
  return {
    ...presentClient({ ...describing.client, apiKeys: [...describing.client.apiKeys, ...tests] }),
    budget: usage.budget,
    share,
    stored,
    today: { calls: usage.total.calls, billed: usage.total.billed },
  };
}

function presentClient(
  client: ClientDescription,
): Omit<ConsoleClient, 'budget' | 'share' | 'stored' | 'today'> {
  return {
    id: client.id,
    name: client.name,
    disabled: client.disabled,
    weight: client.weight,
    maxWaiting: client.maxWaiting,
    callbackUrl: client.callbackUrl,
    allowedOrigins: [...client.allowedOrigins],
    createdAt: client.createdAt === null ? null : instant(client.createdAt),
    selfService: client.selfService,
    choseCallback: client.choseCallback,
    apiKeys: client.apiKeys.map(presentApiKey),
    webhookSecrets: client.webhookSecrets.map(({ retiresAt }) => ({
      retiresAt: retiresAt === null ? null : instant(retiresAt),
    })),
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();
