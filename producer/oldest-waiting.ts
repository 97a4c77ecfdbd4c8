import { dueOfScore, priorityScores, type StoreKeys } from '../shared/store/keys.ts';
import { queuePriority } from '../shared/store/queue/verification-flow.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { readRecord } from '../shared/store/verifications/read.ts';
import type { VerificationRecord } from '../shared/store/verifications/verification-record.ts';

/**
 * For how long the one that has waited longest could have gone on, by queue, in ms; 0 where nothing waits.
 *
 * A fresh verification waits since its submission, a postponed one since its time came, an event since its outcome, its
 * redelivery, or since its next attempt was due. What still waits for its time (a retry, a limit per person) does not
 * count: that may rightly take a day.
 */
export interface OldestWaiting {
  readonly interactive: number;
  readonly bulk: number;
  /** Overdue; workers bring what is due back into the line at once. */
  readonly retrying: number;
  readonly deliveries: number;
  /** Since its submission, the oldest verification without an outcome, whatever it waits for. */
  readonly unanswered: number;
}

/** Two round trips, whatever the backlog: only the head of each line is looked at. */
export async function readOldestWaiting(redis: Redis, keys: StoreKeys, now: number): Promise<OldestWaiting> {
  const lines = createLines(redis, keys);
  const { interactive, bulk } = queuePriority;
  const [interactiveSince, bulkSince, due, eventsSince, submittedAt] = await Promise.all([
    Promise.all([lines.next(), lines.first(interactive.retry), lines.first(interactive.fresh)]),
    Promise.all([lines.first(bulk.retry), lines.first(bulk.fresh)]),
    lines.due(keys.verificationQueue),
    Promise.all([lines.nextEvent(), lines.firstEvent(), lines.due(keys.deliveryQueue)]),
    lines.firstUnanswered(),
  ]);
  const longest = (...since: readonly (number | null)[]) =>
    Math.max(0, ...since.map((at) => (at === null ? 0 : now - at)));
  return {
    interactive: longest(...interactiveSince),
    bulk: longest(...bulkSince),
    retrying: longest(due),
    deliveries: longest(...eventsSince),
    unanswered: longest(submittedAt),
  };
}

/** The next in line need not be the one that has waited longest: clients take turns. Looked at are as many. */
const HEADS = 8;

/** Each answers since when (ms epoch) the head of one line could have gone on; null when there is none. */
function createLines(redis: Redis, keys: StoreKeys) {
  const { verificationQueue, deliveryQueue } = keys;
  const sinceOf = async (
    id: string | null | undefined,
    since: (record: VerificationRecord) => number | null,
  ): Promise<number | null> => {
    if (id === undefined || id === null) return null;
    const read = await readRecord(redis, keys, id);
    return read.status === 'found' ? since(read.record) : null;
  };
  const sinceOfEvent = async (job: string | null | undefined): Promise<number | null> => {
    const [, id, again] = /^(ver_\w+)(-r\d+)?$/.exec(job ?? '') ?? [];
    if (again === undefined) return sinceOf(id, eventSince);
    const asked = await redis.hget(keys.jobKey(deliveryQueue, job ?? ''), 'timestamp');
    return asked === null ? null : Number(asked);
  };
  return {
    /** What was put back at the head of everything. */
    next: async () =>
      sinceOf(await redis.lindex(keys.queueKey(verificationQueue, 'wait'), -1), verificationSince),
    first: async (priority: number) => {
      const { first, last } = priorityScores(priority);
      const line = keys.queueKey(verificationQueue, 'prioritized');
      const ids = await redis.zrange(line, String(first), String(last), 'BYSCORE', 'LIMIT', 0, HEADS);
      const since = await Promise.all(ids.map((id) => sinceOf(id, verificationSince)));
      return since.reduce((a, b) => (a === null || b === null ? (a ?? b) : Math.min(a, b)), null);
    },
    nextEvent: async () => sinceOfEvent(await redis.lindex(keys.queueKey(deliveryQueue, 'wait'), -1)),
    firstEvent: async () => {
      const [job] = await redis.zrange(keys.queueKey(deliveryQueue, 'prioritized'), '0', '0');
      return sinceOfEvent(job);
    },
    due: async (queue: string) => {
      const [, score] = await redis.zrange(keys.queueKey(queue, 'delayed'), '0', '0', 'WITHSCORES');
      return score === undefined ? null : dueOfScore(Number(score));
    },
    firstUnanswered: async () => {
      const [, submittedAt] = await redis.zrange(keys.unfinishedIndex(), '0', '0', 'WITHSCORES');
      return submittedAt === undefined ? null : Number(submittedAt);
    },
  };
}

/** One that was claimed and answered between the two looks waits no more. */
function verificationSince({ outcome, submittedAt, nextAttemptAt }: VerificationRecord): number | null {
  return outcome === null ? Math.max(submittedAt, nextAttemptAt ?? 0) : null;
}

function eventSince({ outcome, delivery }: VerificationRecord): number | null {
  return outcome === null ? null : Math.max(Date.parse(outcome.completedAt), delivery.nextAttemptAt ?? 0);
}
