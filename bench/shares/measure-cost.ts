import { randomInt } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type StoreKeys, storeKeys } from '../../shared/store/keys.ts';
import { placeVerifications } from '../../shared/store/shares/place.ts';
import { redisSubjects } from '../../shared/store/subjects/redis-subjects.ts';
import { claimVerification } from '../../shared/store/verifications/claim.ts';
import { markSent } from '../../shared/store/verifications/mark-sent.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { startBenchRedis } from '../bench-redis.ts';

export interface CostOptions {
  readonly waiting: number;
  readonly clients: number;
  readonly say: (line: string) => void;
}

const MEASURED = 2_000;
const BATCH = 1_000;
const LIMIT_US = 150;
const FIRST_SCORE = 2 * 2 ** 32;
const PARKED = 2 ** 31;
const TURNS = 8;
const clientOf = (n: number) => `client_${n}`;
const idOf = (n: number) => `ver_${String(n).padStart(12, '0')}`;

/**
 * What the order costs Redis a verification, with many waiting of many clients: its place, and the scripts of its claim and of
 * its slot as they are, with all that they do besides. By Redis' own statistics, so that the way there counts for nothing.
 */
export async function measureCost({ waiting, clients, say }: CostOptions): Promise<void> {
  say(`Cost in Redis: ${waiting} waiting of ${clients} clients`);
  const server = await startBenchRedis(say);
  const keys = storeKeys('cost');
  try {
    await fillQueue(server.redis, keys, waiting, clients);
    const context = { redis: server.redis, keys, subjects: redisSubjects, workerId: 'w' };
    const ids = Array.from({ length: MEASURED }, (_, i) => ({
      id: idOf(waiting + i),
      client: clientOf(randomInt(clients)),
    }));
    for (const { id, client } of ids) {
      const record = { id, client, priority: 'interactive', status: 'queued', submittedAt: '1' };
      await server.redis.hset(keys.record(id), record);
      await server.redis.zadd(keys.queueKey(keys.verificationQueue, 'prioritized'), FIRST_SCORE, id);
    }
    const place = await measure(server.redis, async () => {
      for (const { id } of ids) await placeVerifications(context, 'fresh', [id]);
    });
    const claimed: { readonly id: string; readonly token: string }[] = [];
    const claim = await measure(server.redis, async () => {
      for (let i = 0; i < MEASURED; i += 1) claimed.push(await claimNext(context));
    });
    const grant = await measure(server.redis, async () => {
      for (const { id, token } of claimed) {
        const sentAt = '2026-01-01T00:00:00Z';
        await markSent(context, {
          id,
          claim: { workerId: 'w', token },
          call: makeRunToken(),
          sentAt,
          bulkShare: 0.1,
        });
      }
    });
    say(
      `  place ${place.toFixed(0)} µs, claim ${claim.toFixed(0)} µs, slot ${grant.toFixed(0)} µs a verification`,
    );
    const isMet = place + grant <= LIMIT_US;
    say(`  place and slot at most ${LIMIT_US} µs: ${isMet ? 'met' : 'MISSED'}`);
  } finally {
    await server.stop();
  }
}

type Context = Parameters<typeof claimVerification>[0];

async function claimNext(context: Context): Promise<{ readonly id: string; readonly token: string }> {
  const { redis, keys } = context;
  const [id = ''] = await redis.zpopmin(keys.queueKey(keys.verificationQueue, 'prioritized'));
  const clientId = (await redis.hget(keys.record(id), 'client')) ?? '';
  const token = makeRunToken();
  await claimVerification(context, { id, clientId, token, day: '2026-01-01' });
  return { id, token };
}

/** As the scripts leave it: each client's first few hold turns, the others are parked. */
async function fillQueue(redis: Redis, keys: StoreKeys, waiting: number, clients: number): Promise<void> {
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  for (let done = 0; done < waiting; done += BATCH) {
    const pipeline = redis.pipeline();
    for (let n = done; n < Math.min(waiting, done + BATCH); n += 1) {
      const client = clientOf(n % clients);
      const rank = Math.floor(n / clients);
      const id = idOf(n);
      pipeline.hset(keys.record(id), {
        id,
        client,
        priority: 'interactive',
        status: 'queued',
        submittedAt: '1',
      });
      pipeline.zadd(prioritized, FIRST_SCORE + (rank < TURNS ? rank : PARKED + rank / 2), id);
      pipeline.zadd(keys.shareLine(2, client), 2, id);
    }
    await pipeline.exec();
  }
  for (let n = 0; n < clients; n += 1) {
    await redis.hset(keys.shareWeights(2), clientOf(n), 100);
    await redis.zadd(keys.shareNext(2), 0, clientOf(n));
  }
  await redis.hset(keys.shares(), { 'v:2': 0, 'weights:2': clients * 100 });
}

/** @returns µs of Redis for each of `MEASURED` scripts */
async function measure(redis: Redis, run: () => Promise<void>): Promise<number> {
  await redis.config('RESETSTAT');
  await run();
  const stats = await redis.info('commandstats');
  const [, micros = '0'] = /^cmdstat_evalsha:calls=\d+,usec=(\d+)/m.exec(stats) ?? [];
  return Number(micros) / MEASURED;
}
