import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLane } from '../../../../shared/account/limiter/lane.ts';
import { readLaneState } from '../../../../shared/account/limiter/lane-state.ts';
import { pauseLane, resumeLane } from '../../../../shared/account/limiter/pause-lane.ts';
import { startTestLane, type TestLane } from '../../../support/lane.ts';

let lanes: TestLane;
beforeAll(async () => {
  lanes = await startTestLane();
});
afterAll(() => lanes.stop());

const log = { info: () => undefined, warn: () => undefined };

describe('an operator', () => {
  it('pauses and resumes a lane, and learns when it was so already', async () => {
    const keys = lanes.freshAccountKeys();
    const { redis } = lanes;
    expect(await pauseLane(redis, keys, 'moving house')).toEqual({ status: 'paused' });
    expect(await pauseLane(redis, keys, 'still moving')).toEqual({ status: 'already_paused' });
    expect(await readLaneState(redis, keys)).toMatchObject({ status: 'paused', reason: 'still moving' });
    expect(await resumeLane(redis, keys)).toEqual({ status: 'resumed', from: ['paused'] });
    expect(await resumeLane(redis, keys)).toEqual({ status: 'already_running' });
    expect(await readLaneState(redis, keys)).toMatchObject({ status: 'running' });
  });

  it('ends the hold behind a pause with it', async () => {
    const keys = lanes.freshAccountKeys();
    const lane = createLane({ redis: lanes.redis, keys, log });
    await lane.hold('UnauthorizedOperation.Arrears');
    await pauseLane(lanes.redis, keys, 'paying the bill');
    expect(await resumeLane(lanes.redis, keys)).toEqual({ status: 'resumed', from: ['held', 'paused'] });
    await lane.close();
  });

  it('leaves the quota as the workers have it', async () => {
    const keys = lanes.freshAccountKeys();
    const lane = createLane({ redis: lanes.redis, keys, log, options: { quotaPerSecond: 7 } });
    const first = await lane.take();
    await pauseLane(lanes.redis, keys, 'looking around');
    expect(await lane.take()).toMatchObject({ status: 'held', lane: 'paused', reason: 'looking around' });
    await resumeLane(lanes.redis, keys);
    const second = await lane.take();
    expect([first, second]).toMatchObject([
      { status: 'granted', seq: 1 },
      { status: 'granted', seq: 2 },
    ]);
    expect(await readLaneState(lanes.redis, keys)).toMatchObject({ quotaPerSecond: 7, effectiveRate: 7 });
    await lane.close();
  });

  it('gives a reason that moves no cursor and fills no screen', async () => {
    const keys = lanes.freshAccountKeys();
    await pauseLane(lanes.redis, keys, ` a\u001b[2J\nb${'c'.repeat(500)} `);
    const { reason } = await readLaneState(lanes.redis, keys);
    expect(reason).toBe(`a [2J b${'c'.repeat(193)}`);
  });
});
