import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Priority } from '../../../../shared/contract/verification.ts';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { placeVerifications } from '../../../../shared/store/shares/place.ts';
import {
  readActiveShares,
  readClientShare,
  readNumberAhead,
} from '../../../../shared/store/shares/read-shares.ts';
import { startTestLane, type TestLane } from '../../../support/lane.ts';

let lane: TestLane;
let keys: StoreKeys;

beforeAll(async () => {
  lane = await startTestLane();
  keys = lane.freshKeys();
  await lane.redis.hset(keys.client('b'), 'weight', '300');
  for (let i = 0; i < 12; i += 1) await add(`a-${String(i).padStart(2, '0')}`, 'a', 'bulk');
  for (let i = 0; i < 3; i += 1) await add(`b-${i}`, 'b', 'bulk');
  await add('c-0', 'c', 'interactive');
});
afterAll(() => lane.stop());

async function add(id: string, client: string, priority: Priority): Promise<void> {
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  await lane.redis.hset(keys.record(id), { id, client, priority, status: 'queued', submittedAt: '1' });
  await lane.redis.zadd(prioritized, 2 ** 34, id);
  await placeVerifications({ redis: lane.redis, keys }, 'fresh', [id]);
}

const shareOf = (clientId: string, priority: Priority) =>
  readClientShare(lane.redis, keys, { clientId, priority, weight: 100 });

test('a client sees what it has waiting, and the weights of all that have something waiting', async () => {
  expect(await shareOf('a', 'bulk')).toEqual({
    weight: 100,
    waiting: 12,
    active: { clients: 2, weights: 400 },
  });
  expect(await shareOf('a', 'interactive')).toMatchObject({
    waiting: 0,
    active: { clients: 1, weights: 100 },
  });
});

test('nothing is read of a store in which nothing waits', async () => {
  expect(await readActiveShares(lane.redis, lane.freshKeys(), 'bulk')).toEqual({ clients: 0, weights: 0 });
});

test('a verification knows how many of its client are before it, parked ones too', async () => {
  const ahead = (id: string, clientId: string) =>
    readNumberAhead(lane.redis, keys, { id, clientId, priority: 'bulk' });
  expect([await ahead('a-00', 'a'), await ahead('a-11', 'a'), await ahead('b-1', 'b')]).toEqual([0, 11, 1]);
  expect(await ahead('b-1', 'a')).toBeNull();
});
