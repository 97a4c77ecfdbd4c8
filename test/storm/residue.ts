import type { Redis } from 'ioredis';
import type { LaneKeys } from '../../shared/keys.ts';

/** What Redis still holds of work that is over: each entry is one thing that should not be there. */
export type Residue = readonly string[];

/** BullMQ's own keys of a queue that stay when no job is left. */
const QUEUE_KEYS = new Set(['meta', 'id', 'events', 'stalled-check', 'marker', 'limiter', 'pc', 'stalled']);

/** What is kept on purpose: records, what is counted, clients, and the state of lane and endpoints. */
const KEPT = [
  'record',
  'index',
  'index-all',
  'index-references',
  'retention',
  'idempotency',
  'in-flight',
  'quota',
  'bulk-share-turn',
  'ledger',
  'delivery-log',
  'dead-letters',
  'endpoint-health',
  'held-endpoints',
  'unhealthy-endpoints',
  'client',
  'client-rate',
  'api-keys',
  'person',
  'photos-stored',
];

/** Looks at every key of the lane, and into those that count what is at work. */
export async function listResidue(redis: Redis, keys: LaneKeys): Promise<Residue> {
  const names: string[] = [];
  const { queuePrefix } = keys;
  for await (const page of redis.scanStream({ match: '*', count: 1_000 })) names.push(...(page as string[]));
  const [inFlight, photos, waiting, dead] = await Promise.all([
    redis.hgetall(keys.inFlight()),
    redis.hget(keys.photosStored(), 'now'),
    redis.zrange(keys.laneIndex(), '0', '-1'),
    redis.zrange(keys.deadLetters(), '0', '-1'),
  ]);
  return [
    ...names
      .filter((name) => !isKept(name, queuePrefix, keys))
      .map((name) => name.replace(`${queuePrefix}:`, '')),
    ...Object.entries(inFlight).map(([worker, count]) => `in-flight: ${worker} has ${count}`),
    ...(Number(photos ?? 0) === 0 ? [] : [`photos-stored: ${photos}`]),
    ...waiting.map((id) => `index: ${id} has no outcome`),
    ...dead.map((id) => `dead-letters: ${id}`),
  ];
}

function isKept(name: string, prefix: string, { verificationQueue, deliveryQueue }: LaneKeys): boolean {
  if (!name.startsWith(`${prefix}:`)) return false;
  const [kind = '', ...rest] = name.slice(prefix.length + 1).split(':');
  if (kind === verificationQueue || kind === deliveryQueue) return QUEUE_KEYS.has(rest.join(':'));
  return KEPT.includes(kind);
}
