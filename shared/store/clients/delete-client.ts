import { forgetEndpointHealth } from '../endpoints/keep-endpoint-health.ts';
import { forgetEmptyEndpoint } from '../endpoints/release-deferred.ts';
import type { StoreKeys } from '../keys.ts';
import { storedEndpoints } from '../push/push-endpoint.ts';
import { removePush } from '../push/push-state.ts';
import { removeDeliveryJobs } from '../queue/remove-delivery-jobs.ts';
import { loadScript } from '../redis/script.ts';
import { type ErasureOrder, eraseVerification } from '../verifications/erase.ts';
import type { VerificationStore } from '../verifications/verification-store.ts';
import { parseApiKeys } from './api-key-record.ts';
import { changeClient } from './change-client.ts';
import { findOpenWork } from './open-work.ts';

export interface ClientDeletionDeps extends VerificationStore, Pick<ErasureOrder, 'by' | 'keptMs'> {
  /** Takes the jobs of erased deliveries out of their queue, with their children. */
  readonly removeJobs: (deliveryJobs: readonly string[]) => Promise<void>;
  /** ms epoch */
  readonly now: () => number;
  /** Waits so many ms. */
  readonly pause: (ms: number) => Promise<void>;
  /** The lane for test keys, where the client may have a twin; null: this deployment has none. */
  readonly testKeys: StoreKeys | null;
}

interface Counts {
  /** Verifications without an outcome. */
  readonly waiting: number;
  /** Events that have not been delivered and were not given up. */
  readonly undelivered: number;
}

export type ClientDeletion =
  | { readonly status: 'deleted'; readonly erased: number }
  /** Nothing was changed: what waits must end first, or be cancelled. */
  | ({ readonly status: 'in_use' } & Counts)
  /** It is disabled, and what could be cancelled is: the rest is being asked or delivered right now. */
  | ({ readonly status: 'busy'; readonly erased: number } & Counts)
  | { readonly status: 'missing' };

const deleteScript = loadScript(new URL('../scripts/delete-client.lua', import.meta.url));

/** Producers remember a client for two seconds: later than that nothing is accepted for one that is disabled. */
const REMEMBERED_MS = 3_000;

/** What stands in the way of a deletion; null when there is no such client. */
export async function countOpenWork(
  { redis, keys }: Pick<VerificationStore, 'redis' | 'keys'>,
  clientId: string,
): Promise<Counts | null> {
  if ((await redis.exists(keys.client(clientId))) === 0) return null;
  const { waiting, undelivered } = await findOpenWork(redis, keys, clientId);
  return { waiting: waiting.length, undelivered: undelivered.length };
}

/**
 * Deletes a client, its API keys and webhook secrets. What it submitted is not lost by that: as long as a verification
 * waits or an event has not arrived, the client stays, unless the caller wants both erased. Finished verifications stay
 * until their retention is over, and what was billed stays in the ledger. Its twin in the test lane goes with it, and what waits
 * there is erased: tests are not waited for.
 *
 * It can be repeated, and goes on where it was.
 *
 * @param cancel erases what waits and what has not been delivered, with its photos
 * @throws whatever ioredis throws
 */
export async function deleteClient(
  deps: ClientDeletionDeps,
  clientId: string,
  { cancel }: { readonly cancel: boolean },
): Promise<ClientDeletion> {
  const { redis, keys } = deps;
  const wasDisabled = (await redis.hget(keys.client(clientId), 'disabled')) === '1';
  if ((await changeClient(redis, keys, clientId, { disabled: true })) === 'missing')
    return { status: 'missing' };
  // Otherwise a submission could be accepted for a client that is gone.
  await deps.pause(REMEMBERED_MS);
  const erased = cancel ? await eraseOpenWork(deps, clientId) : 0;
  const open = await findOpenWork(redis, keys, clientId);
  const counts = { waiting: open.waiting.length, undelivered: open.undelivered.length };
  if (counts.waiting + counts.undelivered > 0) {
    if (cancel) return { status: 'busy', erased, ...counts };
    if (!wasDisabled) await changeClient(redis, keys, clientId, { disabled: false });
    return { status: 'in_use', ...counts };
  }
  const testsLeft = await deleteTwin(deps, clientId);
  if (testsLeft > 0) return { status: 'busy', erased, waiting: testsLeft, undelivered: 0 };
  return (await removeClient(deps, clientId)) === 'missing'
    ? { status: 'missing' }
    : { status: 'deleted', erased };
}

/** The client is disabled, so no test is accepted any more. @returns how many of its tests are under way right now */
async function deleteTwin(deps: ClientDeletionDeps, clientId: string): Promise<number> {
  const { redis, testKeys } = deps;
  if (testKeys === null || testKeys.tag === deps.keys.tag) return 0;
  const twin: ClientDeletionDeps = {
    ...deps,
    keys: testKeys,
    removeJobs: (jobs) => removeDeliveryJobs({ redis, keys: testKeys }, jobs),
  };
  if ((await changeClient(redis, testKeys, clientId, { disabled: true })) === 'missing') return 0;
  await eraseOpenWork(twin, clientId);
  const { waiting, undelivered } = await findOpenWork(redis, testKeys, clientId);
  if (waiting.length + undelivered.length > 0) return waiting.length + undelivered.length;
  await removeClient(twin, clientId);
  return 0;
}

async function eraseOpenWork(deps: ClientDeletionDeps, clientId: string): Promise<number> {
  const { waiting, undelivered } = await findOpenWork(deps.redis, deps.keys, clientId);
  let erased = 0;
  for (const id of [...waiting, ...undelivered]) {
    const erasure = await eraseVerification(deps, {
      id,
      clientId,
      by: deps.by,
      keptMs: deps.keptMs,
      now: deps.now(),
    });
    if (erasure.status !== 'erased') continue;
    erased += 1;
    await deps.removeJobs(erasure.deliveryJobs);
  }
  return erased;
}

async function listEndpointIds(
  redis: ClientDeletionDeps['redis'],
  keys: ClientDeletionDeps['keys'],
  clientId: string,
): Promise<readonly string[]> {
  const stored = storedEndpoints.parse((await redis.hget(keys.client(clientId), 'endpoints')) ?? undefined);
  return (stored ?? []).map(({ id }) => id);
}

async function removeClient(
  { redis, keys }: ClientDeletionDeps,
  clientId: string,
): Promise<'deleted' | 'missing'> {
  const marked = (await redis.smembers(keys.unhealthyEndpoints())).filter((each) =>
    each.startsWith(`${clientId} `),
  );
  for (const endpoint of marked) await forgetEndpointHealth(redis, keys, endpoint);
  for (const endpoint of await redis.smembers(keys.deferringEndpoints())) {
    if (endpoint.startsWith(`${clientId} `)) await forgetEmptyEndpoint(redis, keys, endpoint);
  }
  for (const id of await listEndpointIds(redis, keys, clientId))
    await removePush({ redis, keys }, clientId, id);
  await redis.srem(keys.pushClients(), clientId);
  await redis.srem(keys.testTwins(), clientId);
  // The sets of clients with a budget know it no more.
  await changeClient(redis, keys, clientId, { budgetDay: null, budgetMonth: null });
  const own = [keys.client(clientId), keys.apiKeys(), keys.clientRate(clientId)];
  const redeliveries = [
    keys.clientRedeliveryRate(clientId),
    keys.openRedeliveries(clientId),
    keys.begunRedeliveries(clientId),
  ];
  const places = [
    ...own,
    ...redeliveries,
    keys.feed(clientId),
    keys.feedNumbers(),
    keys.apiKeyUses(),
    keys.noticeTypes(),
  ];
  for (;;) {
    const [plain, scoped] = await redis.hmget(keys.client(clientId), 'apiKeys', 'scopedKeys');
    const records = [...parseApiKeys('apiKeys', plain ?? ''), ...parseApiKeys('scopedKeys', scoped ?? '')];
    const args = [clientId, plain ?? '', scoped ?? '', ...records.map(({ hash }) => hash)];
    const reply = await deleteScript(redis, places, args);
    if (reply === 'deleted' || reply === 'missing') return reply;
    // Another operator has given it a key, or enabled it, in this very moment: it is meant to go all the same.
    await changeClient(redis, keys, clientId, { disabled: true });
  }
}
