import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { silentLog } from '../bench-redis.ts';
import { makePerson } from '../made-up-person.ts';
import { createSubmitter, makeKeyText, openKeyRing } from '../submitter.ts';

export interface QueueMemory {
  readonly photos: number;
  readonly photoBytes: number;
  /** What Redis uses more with the verifications than without, by the photos' bytes. */
  readonly ratio: number;
  /** The same by the sum of `MEMORY USAGE` over all keys. */
  readonly keysRatio: number;
  /** `MEMORY USAGE` of everything but the sealed subjects, bytes per verification: record, two jobs, indexes. */
  readonly besidesSubject: number;
  /** Which allocator Redis uses: its size classes are part of the result. */
  readonly allocator: string;
}

/** A first one brings the scripts into Redis' cache, whose room belongs to no verification. */
const WARM_UP = 1;

/**
 * Queues verifications that no worker takes up, and asks Redis what they cost.
 *
 * @param url an empty Redis of one's own
 */
export async function measureQueueMemory(
  url: string,
  { photos, photoBytes }: { readonly photos: number; readonly photoBytes: number },
): Promise<QueueMemory> {
  const redis = openRedis({ url, log: silentLog, name: 'bench-memory' }, 'unbatched');
  try {
    await waitUntilReady(redis, 10_000);
    await queueVerifications(url, WARM_UP, photoBytes);
    const before = await readUsedMemory(redis);
    const keysBefore = await sumKeys(redis);
    await queueVerifications(url, photos, photoBytes);
    const after = await readUsedMemory(redis);
    const keysAfter = await sumKeys(redis);
    const bytes = photos * photoBytes;
    return {
      photos,
      photoBytes,
      ratio: (after - before) / bytes,
      keysRatio: (keysAfter.all - keysBefore.all) / bytes,
      besidesSubject: Math.round((keysAfter.besidesSubject - keysBefore.besidesSubject) / photos),
      allocator: /mem_allocator:(\S+)/.exec(await redis.info('memory'))?.[1] ?? 'unknown',
    };
  } finally {
    await closeRedis(redis);
  }
}

/** Over a connection that is closed again, so that its buffers are not counted. */
async function queueVerifications(url: string, count: number, photoBytes: number): Promise<void> {
  const redis = openRedis({ url, log: silentLog, name: 'bench-memory-submitter' }, 'unbatched');
  await waitUntilReady(redis, 10_000);
  const keyRing = openKeyRing(makeKeyText());
  const submitter = createSubmitter(redis, { keys: storeKeys('bench'), keyRing, clientId: 'cli_bench' });
  for (let serial = 0; serial < count; serial += 1) {
    await submitter.submit({ ...makePerson(serial), photo: randomBytes(photoBytes) });
  }
  await submitter.close();
  await closeRedis(redis);
}

/** Waits until Redis has freed what closed connections and its AOF held: no less than before, three times in a row. */
async function readUsedMemory(redis: Redis): Promise<number> {
  await redis.call('MEMORY', 'PURGE');
  let least = Number.POSITIVE_INFINITY;
  for (let settled = 0; settled < 3; ) {
    await delay(100);
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    settled = used < least ? 0 : settled + 1;
    least = Math.min(least, used);
  }
  return least;
}

async function sumKeys(redis: Redis): Promise<{ all: number; besidesSubject: number }> {
  const sums = { all: 0, besidesSubject: 0 };
  for await (const batch of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
    const pipeline = redis.pipeline();
    for (const key of batch) pipeline.memory('USAGE', key, 'SAMPLES', 0);
    const replies = (await pipeline.exec()) ?? [];
    for (const [i, [, bytes]] of replies.entries()) {
      sums.all += Number(bytes);
      if (!batch[i]?.includes(':subject:')) sums.besidesSubject += Number(bytes);
    }
  }
  return sums;
}
