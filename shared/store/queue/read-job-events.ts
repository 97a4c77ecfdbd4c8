import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';

/** Which verifications something has happened to. */
export interface ChangedIds {
  /** In the order of the latest change; each once. */
  readonly ids: readonly string[];
  /** For the next call. */
  readonly cursor: string;
  /** The next call gets more at once. */
  readonly isMore: boolean;
  /** The library had let go of some changes before they were read. */
  readonly isMissed: boolean;
}

const PER_QUEUE = 500;
const NOTHING_YET = '0-0';

/**
 * What has changed since a cursor, by the streams in which BullMQ writes down what happens to its jobs: about the last
 * 10,000 entries of each queue (its `maxLenEvents`). A job carries the id of its verification, and the record has the rest.
 *
 * @param cursor null: from now on
 * @throws whatever ioredis throws
 */
export async function readChangedIds(
  redis: Redis,
  keys: StoreKeys,
  cursor: string | null,
): Promise<ChangedIds> {
  const streams = [keys.verificationQueue, keys.deliveryQueue].map((queue) => keys.queueKey(queue, 'events'));
  if (cursor === null) {
    const ends = await Promise.all(streams.map((stream) => readEnd(redis, stream)));
    return { ids: [], cursor: ends.join('_'), isMore: false, isMissed: false };
  }
  const positions = cursor.split('_');
  const read = await Promise.all(
    streams.map((stream, index) => readStream(redis, stream, positions[index] ?? NOTHING_YET)),
  );
  const entries = read.flatMap(({ entries: own }) => own).sort((a, b) => a.at - b.at);
  // The latest change of each decides its place.
  const ids = [...new Set(entries.map(({ id }) => id).reverse())].reverse();
  return {
    ids,
    cursor: read.map(({ end }) => end).join('_'),
    isMore: read.some(({ isFull }) => isFull),
    isMissed: read.some(({ isMissed }) => isMissed),
  };
}

async function readEnd(redis: Redis, stream: string): Promise<string> {
  const [last] = await redis.xrevrange(stream, '+', '-', 'COUNT', 1);
  return last?.[0] ?? NOTHING_YET;
}

async function readStream(redis: Redis, stream: string, after: string) {
  const [[first], found] = await Promise.all([
    redis.xrange(stream, '-', '+', 'COUNT', 1),
    redis.xrange(stream, `(${after}`, '+', 'COUNT', PER_QUEUE),
  ]);
  return {
    entries: found.flatMap(([entry, fields]) => {
      const id = verificationOf(fields);
      return id === null ? [] : [{ id, at: millisecondsOf(entry) }];
    }),
    end: found.at(-1)?.[0] ?? after,
    isFull: found.length === PER_QUEUE,
    isMissed:
      first !== undefined && after !== NOTHING_YET && millisecondsOf(first[0]) > millisecondsOf(after),
  };
}

/** An entry's id is its time (ms epoch) and a counter. */
const millisecondsOf = (entry: string): number => Number(entry.split('-', 1)[0]);

/** A job's id is that of its verification; of a redelivery `-r` and a number follow. */
function verificationOf(fields: readonly string[]): string | null {
  const jobId = fields[fields.indexOf('jobId') + 1];
  return fields.includes('jobId') ? (/^(ver_[0-9a-z]+)(-r\d+)?$/.exec(jobId ?? '')?.[1] ?? null) : null;
}
