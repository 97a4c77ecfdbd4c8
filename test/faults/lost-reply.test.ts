import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { claimVerification } from '../../shared/store/verifications/claim.ts';
import { settleVerification } from '../../shared/store/verifications/settle.ts';
import { startTestLane, type TestLane } from '../support/lane.ts';
import { acceptRecord, CLIENT_ID, DAY, makeCall, makeSettlement, mustRead } from '../support/records.ts';
import { startReplyCutter } from '../support/reply-cutter.ts';

let lane: TestLane;
beforeAll(async () => {
  lane = await startTestLane();
});
afterAll(() => lane.stop());

const silent = { info: () => undefined, warn: () => undefined };

test('an outcome whose reply is lost with its connection is counted once, and is reported as written', async () => {
  const keys = lane.freshKeys();
  const cutter = await startReplyCutter(lane.server.url);
  const redis = openRedis({ url: cutter.url, log: silent }, 'unbatched');
  await waitUntilReady(redis, 10_000);
  try {
    const id = await acceptRecord(lane.redis, keys, lane.keyRing);
    cutter.cutReplyTo(id);
    const claim = { id, clientId: CLIENT_ID, token: 'token-a-----', day: DAY };
    expect(await claimVerification({ redis, keys, workerId: 'worker-a' }, claim)).toMatchObject({
      status: 'claimed',
      record: { deaths: { shared: 0, alone: 0 } },
    });
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({ 'worker-a': '1' });
    cutter.cutReplyTo(id);
    const settlement = makeSettlement(id, { call: makeCall('Success', 'billed') });
    expect(await settleVerification(redis, keys, settlement)).toEqual({ status: 'settled' });
    expect(cutter.cuts).toBe(2);
    expect((await mustRead(lane.redis, keys, id)).attempts).toHaveLength(1);
    expect(await lane.redis.hgetall(keys.ledger(DAY))).toEqual({ [`${CLIENT_ID}|Success|billed`]: '1' });
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({});
  } finally {
    await closeRedis(redis);
    await cutter.close();
  }
});
