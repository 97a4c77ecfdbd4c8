import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLane, type Lane } from '../../../../shared/account/limiter/lane.ts';
import { closeRedis, connectRedis } from '../../../../shared/store/redis/connect.ts';
import { startTestLane, type TestLane } from '../../../support/lane.ts';

const silent = { info: () => undefined, warn: () => undefined };

let testLane: TestLane;
let redis: ReturnType<typeof connectRedis>;
let lane: Lane;
beforeAll(async () => {
  testLane = await startTestLane();
  redis = connectRedis({ url: testLane.server.url, role: 'queue', log: silent });
});
afterAll(async () => {
  await closeRedis(redis);
  await testLane.stop();
});
beforeEach(() => {
  lane = createLane({ redis, keys: testLane.freshAccountKeys(), log: silent });
});
afterEach(() => lane.close());

/** A promise to be fulfilled from outside, and the moment at which it was first asked for. */
function preparation() {
  let finish: (isReady: boolean) => void = () => undefined;
  let begin: () => void = () => undefined;
  const finished = new Promise<boolean>((resolve) => {
    finish = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const prepare = () => {
    begin();
    return finished;
  };
  return { prepare, begun, finish };
}

describe('a slot that is to be prepared', () => {
  test('is granted once that is done, and not before', async () => {
    const { prepare, begun, finish } = preparation();
    const order: string[] = [];
    const taken = lane.take({ prepare }).then((grant) => order.push(grant.status));
    await begun;
    order.push('prepared');
    finish(true);
    await taken;
    expect(order).toEqual(['prepared', 'granted']);
  });

  test('goes to the next in line when the first one declines it', async () => {
    const first = lane.take({ prepare: async () => false });
    const second = lane.take();
    expect(await first).toEqual({ status: 'declined' });
    expect(await second).toMatchObject({ status: 'granted' });
  });

  test('goes to the next in line when the first one leaves while it prepares', async () => {
    const { prepare, begun, finish } = preparation();
    const abort = new AbortController();
    const first = lane.take({ prepare, signal: abort.signal });
    const second = lane.take();
    await begun;
    abort.abort(new Error('not wanted any more'));
    await expect(first).rejects.toThrow('not wanted any more');
    finish(true);
    expect(await second).toMatchObject({ status: 'granted' });
  });

  test('fails with its preparation', async () => {
    const failing = lane.take({ prepare: () => Promise.reject(new Error('Redis says no')) });
    await expect(failing).rejects.toThrow('Redis says no');
    expect(await lane.take()).toMatchObject({ status: 'granted' });
  });

  test('is given back when that took too long, and another one is prepared for', async () => {
    const { prepare, begun, finish } = preparation();
    let prepared = 0;
    const taken = lane.take({
      prepare: () => {
        prepared += 1;
        return prepared === 1 ? prepare() : Promise.resolve(true);
      },
    });
    await begun;
    // Longer than a slot may be late.
    await new Promise((resolve) => setTimeout(resolve, 150));
    finish(true);
    const grant = await taken;
    expect(grant).toMatchObject({ status: 'granted' });
    expect(grant.status === 'granted' && grant.seq).toBeGreaterThan(1);
    expect(prepared).toBeGreaterThan(1);
  });
});
