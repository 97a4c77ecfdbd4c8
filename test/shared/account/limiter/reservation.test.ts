import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLimiter, type Limiter } from '../../../../shared/account/limiter/limiter.ts';
import type { ReservedSlot } from '../../../../shared/account/limiter/reservation.ts';
import type { ReserveOptions } from '../../../../shared/account/limiter/waiters.ts';
import type { AccountKeys } from '../../../../shared/store/keys.ts';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { startTestLane, type TestLane } from '../../../support/lane.ts';

const silent = { info: () => undefined, warn: () => undefined };

let testLane: TestLane;
let redis: ReturnType<typeof openRedis>;
let limiter: Limiter;
let keys: AccountKeys;
beforeAll(async () => {
  testLane = await startTestLane();
  redis = openRedis({ url: testLane.server.url, log: silent }, 'unbatched');
});
afterAll(async () => {
  await closeRedis(redis);
  await testLane.stop();
});
beforeEach(() => {
  keys = testLane.freshAccountKeys();
  limiter = createLimiter({ redis, keys, log: silent });
});
afterEach(() => limiter.close());

async function reserve(options: ReserveOptions = {}): Promise<ReservedSlot> {
  const slot = await limiter.reserve(options);
  if (slot.status === 'reserved') return slot;
  throw new Error(`Cannot go on: a slot was expected, received ${slot.status}`);
}

/** A busy machine may come too late for one. */
async function useSlot(): Promise<ReservedSlot> {
  const slot = await reserve();
  return (await slot.due()) === 'due' ? slot : useSlot();
}

describe('a reservation', () => {
  test('comes before its instant, and is due at it', async () => {
    const slot = await useSlot();
    // The same clock as Redis': one machine.
    expect(performance.timeOrigin + performance.now()).toBeGreaterThan(slot.at - 2);
  });

  test('that is cancelled goes to the next waiter', async () => {
    const second = reserve();
    const first = await reserve({ order: { class: 2, tag: 0 } });
    first.cancel();
    expect((await second).seq).toBe(first.seq);
    expect(await first.due()).toBe('late');
  });

  test('cannot be cancelled once it was due', async () => {
    const slot = await useSlot();
    slot.cancel();
    await limiter.close();
    expect(Number(await redis.hget(keys.quota(), `s${slot.seq % 20}`))).toBeGreaterThan(0);
  });

  test('that is not used in time is given back, and the wait goes on from its place', async () => {
    const first = await reserve();
    // Longer than a slot may be late.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await first.due()).toBe('late');
    const other = reserve();
    const again = await reserve({ since: first.since });
    expect(again.seq).toBeGreaterThan(first.seq);
    expect(again.since).toBe(first.since);
    again.cancel();
    (await other).cancel();
    await limiter.close();
    expect(await redis.hget(keys.quota(), `s${first.seq % 20}`)).toBe('0');
  });

  test('that its holder forgets stops nothing', async () => {
    const forgotten = await reserve();
    expect((await reserve()).seq).toBeGreaterThan(forgotten.seq);
  });
});
