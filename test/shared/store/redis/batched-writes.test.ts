import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

describe('a connection that batches its writes', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startTestRedis();
    client = openRedis(
      {
        url: redis.url,
        log: { info: () => undefined, warn: () => undefined },
      },
      'batched',
    );
    await waitUntilReady(client, 5_000);
  });
  afterAll(async () => {
    await closeRedis(client);
    await redis.stop();
  });

  /** Bytes that have been given to the socket and kept back by it, after each of so many commands of one turn. */
  const incrementInOneTurn = (count: number) => {
    const heldBack: number[] = [];
    const answers = Array.from({ length: count }, () => {
      const answer = client.incr('counter');
      heldBack.push(client.stream.writableLength);
      return answer;
    });
    return { heldBack, answers: Promise.all(answers) };
  };

  it('keeps the commands of a turn back, four at most', async () => {
    const { heldBack, answers } = incrementInOneTurn(10);
    const [one = 0] = heldBack;
    expect(one).toBeGreaterThan(0);
    expect(heldBack.map((bytes) => bytes / one)).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2]);
    expect(await answers).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
  });

  it('lets them go at the end of the turn', async () => {
    const { answers } = incrementInOneTurn(3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.stream.writableLength).toBe(0);
    await answers;
  });
});
