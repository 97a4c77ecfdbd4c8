import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type DeliveryStatus, deliveryStatus } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import type { AtomicFlow } from '../queue/atomic-flow.ts';
import { deliveryFlow } from '../queue/verification-flow.ts';
import { queueDeliveryReset } from './reset-delivery.ts';

export interface RedeliveryDeps {
  readonly redis: Redis;
  readonly flow: Pick<AtomicFlow, 'add'>;
  readonly keys: StoreKeys;
}

/** A delivery that has come to rest. Everything else still has a job that works on it. */
export type RestingStatus = Extract<DeliveryStatus, 'delivered' | 'dead' | 'held'>;

export type Redelivery =
  /** The event is on its way again, with the `webhook-id` it always had. */
  | { readonly status: 'redelivered' }
  /** Its delivery is not in a state that was asked for: still under way, for instance. */
  | { readonly status: 'not_due'; readonly delivery: DeliveryStatus }
  /** There is no event: no outcome yet, or cancelled. */
  | { readonly status: 'unanswered' }
  | { readonly status: 'missing' };

/** The next redelivery of an event would find it so. */
export type RedeliveryOutlook = 'due' | Exclude<Redelivery['status'], 'redelivered'>;

const allResting: readonly RestingStatus[] = ['delivered', 'dead', 'held'];

/**
 * Delivers one event again, from the beginning of the schedule.
 *
 * The record's reset and the job are one transaction, so a crash leaves both or neither. Of several redeliveries at
 * once one wins; the others find the event under way.
 *
 * @param from states to redeliver from
 * @throws errors of Redis; nothing has changed then, unless Redis gave no answer at all
 */
export async function redeliver(
  deps: RedeliveryDeps,
  id: string,
  from: readonly RestingStatus[] = allResting,
): Promise<Redelivery> {
  const { redis, keys } = deps;
  const found = await readDelivery(redis, keys, id);
  if (found === 'missing' || found === 'unanswered') return { status: found };
  const { status, clientId, previous } = found;
  if (!isOneOf(from, status)) return { status: 'not_due', delivery: status };
  const count = Number.parseInt(previous, 10) || 0;
  const redelivery = `${count + 1} ${randomBytes(8).toString('hex')}`;
  // Of two that start from the same record both name the same job, and BullMQ adds it once.
  const jobId = `${id}-r${count + 1}`;
  const endpoints = status === 'held' ? await listDeferringEndpoints(redis, keys, clientId) : [];
  try {
    await deps.flow.add(deliveryFlow(keys, jobId, { id, clientId }), (transaction) =>
      queueDeliveryReset(transaction, keys, { id, jobId, status, previous, redelivery, endpoints }),
    );
  } catch (error) {
    // The first error says why; a job that is left without a place holds up this one redelivery.
    await clearHalfAddedJob(deps, jobId).catch(() => undefined);
    throw error;
  }
  const stored = await redis.hget(keys.record(id), 'redelivery');
  return stored === redelivery ? { status: 'redelivered' } : { status: 'not_due', delivery: 'pending' };
}

/** What {@link redeliver} would do now; it changes nothing. */
export async function foreseeRedelivery(
  { redis, keys }: Pick<RedeliveryDeps, 'redis' | 'keys'>,
  id: string,
  from: readonly RestingStatus[] = allResting,
): Promise<RedeliveryOutlook> {
  const found = await readDelivery(redis, keys, id);
  if (found === 'missing' || found === 'unanswered') return found;
  return isOneOf(from, found.status) ? 'due' : 'not_due';
}

/** BullMQ would take the next try for a duplicate of what was stored and never put in line. */
async function clearHalfAddedJob({ redis, keys }: RedeliveryDeps, jobId: string): Promise<void> {
  const place = await redis.zscore(keys.queueKey(keys.deliveryQueue, 'prioritized'), jobId);
  if (place === null) await redis.del(keys.jobKey(keys.deliveryQueue, jobId));
}

interface FoundDelivery {
  readonly status: DeliveryStatus;
  readonly clientId: string;
  /** `<count> <token>` of the last redelivery; empty before the first. */
  readonly previous: string;
}

async function readDelivery(
  redis: Redis,
  keys: StoreKeys,
  id: string,
): Promise<FoundDelivery | 'missing' | 'unanswered'> {
  const [clientId, outcome, status, previous] = await redis.hmget(
    keys.record(id),
    'client',
    'outcome',
    'deliveryStatus',
    'redelivery',
  );
  if (typeof clientId !== 'string') return 'missing';
  if (typeof outcome !== 'string') return 'unanswered';
  const parsed = deliveryStatus.safeParse(status);
  return { status: parsed.success ? parsed.data : 'pending', clientId, previous: previous ?? '' };
}

/** A client's endpoints at which events wait; the record does not say at which one it does. */
async function listDeferringEndpoints(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
): Promise<readonly string[]> {
  const endpoints = await redis.smembers(keys.deferringEndpoints());
  return endpoints.filter((endpoint) => endpoint.startsWith(`${clientId} `));
}

function isOneOf(list: readonly DeliveryStatus[], status: DeliveryStatus): status is RestingStatus {
  return list.includes(status);
}
