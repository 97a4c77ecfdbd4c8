import type { Redis } from 'ioredis';
import { accountKeys, type StoreKeys } from '../../shared/store/keys.ts';
import { spellOwnKeys } from '../support/own-keys.ts';

/** What Redis still holds of work that is over. */
export interface Residue {
  /** Each entry is one thing that should not be there. */
  readonly left: readonly string[];
  /** Jobs that BullMQ failed and keeps, a bounded number of them, for an operator who looks into the queues. */
  readonly setAside: number;
}

/** BullMQ's own keys of a queue that stay when no job is left. */
const QUEUE_KEYS = new Set(['meta', 'id', 'events', 'stalled-check', 'marker', 'limiter', 'pc', 'stalled']);

/** What goes with the work it was for; every other kind of key that `shared/store/keys.ts` spells is kept on purpose. */
const GOES = new Set(['subject', 'arriving-photo', 'held-deliveries']);

/** Of the shares, what goes with what waits or is claimed. */
const SHARES_THAT_GO = new Set(['line', 'weights', 'unasked']);

/** The kinds of keys that the lane and its account have, by asking for one of each. */
function listKept(keys: StoreKeys): ReadonlySet<string> {
  const names = [keys, accountKeys(keys.lane)].flatMap((each) => spellOwnKeys(each, 'x', 'x'));
  const kinds = names.map((name) => name.slice(keys.queuePrefix.length + 1).split(':')[0] ?? '');
  return new Set(kinds.filter((kind) => !GOES.has(kind)));
}

/** Looks at every key of the lane, and into those that count what is at work. */
export async function listResidue(redis: Redis, keys: StoreKeys): Promise<Residue> {
  const names: string[] = [];
  const { queuePrefix } = keys;
  const kept = listKept(keys);
  for await (const page of redis.scanStream({ match: '*', count: 1_000 })) names.push(...(page as string[]));
  const [inFlight, photos, waiting, dead] = await Promise.all([
    redis.hgetall(keys.inFlight()),
    redis.hget(keys.photosStored(), 'now'),
    redis.zrange(keys.unfinishedIndex(), '0', '-1'),
    redis.zrange(keys.deadLetters(), '0', '-1'),
  ]);
  const setAside = await listSetAside(redis, keys);
  const isSetAside = (name: string) => setAside.some((job) => name === job || name.startsWith(`${job}:`));
  const left = [
    ...names
      .filter((name) => !isKept(name, keys, kept) && !isSetAside(name))
      .map((name) => name.replace(`${queuePrefix}:`, '')),
    ...Object.entries(inFlight).map(([worker, count]) => `in-flight: ${worker} has ${count}`),
    ...(Number(photos ?? 0) === 0 ? [] : [`photos-stored: ${photos}`]),
    ...waiting.map((id) => `index: ${id} has no outcome`),
    ...dead.map((id) => `dead-letters: ${id}`),
  ];
  return { left, setAside: setAside.filter((name) => !name.endsWith(':failed')).length };
}

/** Keys of failed jobs, and of the sets that list them. */
async function listSetAside(redis: Redis, keys: StoreKeys): Promise<readonly string[]> {
  const queues = [keys.verificationQueue, keys.deliveryQueue].map((name) => `${keys.queuePrefix}:${name}`);
  const ids = await Promise.all(queues.map((queue) => redis.zrange(`${queue}:failed`, '0', '-1')));
  return queues.flatMap((queue, index) => [
    `${queue}:failed`,
    ...(ids[index] ?? []).map((id) => `${queue}:${id}`),
  ]);
}

function isKept(name: string, keys: StoreKeys, kept: ReadonlySet<string>): boolean {
  const { queuePrefix, verificationQueue, deliveryQueue } = keys;
  if (!name.startsWith(`${queuePrefix}:`)) return false;
  const [kind = '', ...rest] = name.slice(queuePrefix.length + 1).split(':');
  if (kind === verificationQueue || kind === deliveryQueue) return QUEUE_KEYS.has(rest.join(':'));
  // In a line is what waits, a client with a weight there has something waiting, and what was not asked about has no outcome.
  if (kind === 'shares' && SHARES_THAT_GO.has(rest[0] ?? '')) return false;
  return kept.has(kind);
}
