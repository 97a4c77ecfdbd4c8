import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../../../shared/account/limiter/limiter.ts';
import { readLimiterState } from '../../../../shared/account/limiter/limiter-state.ts';
import { pauseAccount, resumeAccount } from '../../../../shared/account/limiter/pause-account.ts';
import { useTestLane } from '../../../support/lane.ts';

const lanes = useTestLane();

const log = { info: () => undefined, warn: () => undefined };

describe('an operator', () => {
  it('pauses and resumes a lane, and learns when it was so already', async () => {
    const keys = lanes.freshAccountKeys();
    const { redis } = lanes;
    expect(await pauseAccount(redis, keys, 'moving house')).toEqual({ status: 'paused' });
    expect(await pauseAccount(redis, keys, 'still moving')).toEqual({ status: 'already_paused' });
    expect(await readLimiterState(redis, keys)).toMatchObject({ status: 'paused', reason: 'still moving' });
    expect(await resumeAccount(redis, keys)).toEqual({ status: 'resumed', from: ['paused'] });
    expect(await resumeAccount(redis, keys)).toEqual({ status: 'already_running' });
    expect(await readLimiterState(redis, keys)).toMatchObject({ status: 'running' });
  });

  it('ends the hold behind a pause with it', async () => {
    const keys = lanes.freshAccountKeys();
    const limiter = createLimiter({ redis: lanes.redis, keys, log });
    const slot = await limiter.reserve();
    if (slot.status !== 'reserved')
      throw new Error(`Cannot go on: a slot was expected, received ${slot.status}`);
    await limiter.report('account_fault', slot, 'UnauthorizedOperation.Arrears', 'a1');
    await pauseAccount(lanes.redis, keys, 'paying the bill');
    expect(await resumeAccount(lanes.redis, keys)).toEqual({ status: 'resumed', from: ['held', 'paused'] });
    await limiter.close();
  });

  it('leaves the quota as the workers have it', async () => {
    const keys = lanes.freshAccountKeys();
    const limiter = createLimiter({ redis: lanes.redis, keys, log, options: { quotaPerSecond: 7 } });
    const first = await limiter.reserve();
    await pauseAccount(lanes.redis, keys, 'looking around');
    expect(await limiter.reserve()).toMatchObject({
      status: 'closed',
      by: 'paused',
      reason: 'looking around',
    });
    await resumeAccount(lanes.redis, keys);
    const second = await limiter.reserve();
    expect([first, second]).toMatchObject([
      { status: 'reserved', seq: 1 },
      { status: 'reserved', seq: 2 },
    ]);
    expect(await readLimiterState(lanes.redis, keys)).toMatchObject({ quotaPerSecond: 7, effectiveRate: 7 });
    await limiter.close();
  });

  it('gives a reason that moves no cursor and fills no screen', async () => {
    const keys = lanes.freshAccountKeys();
    await pauseAccount(lanes.redis, keys, ` a\u001b[2J\nb${'c'.repeat(500)} `);
    const { reason } = await readLimiterState(lanes.redis, keys);
    expect(reason).toBe(`a [2J b${'c'.repeat(193)}`);
  });
});

describe('the limiter adds up the time that it gave no slots', () => {
  it('for as long as an operator pauses it, and no longer', async () => {
    const keys = lanes.freshAccountKeys();
    const limiter = createLimiter({ redis: lanes.redis, keys, log });
    const lost = async () => (await readLimiterState(lanes.redis, keys)).lost;
    await limiter.reserve();
    expect(await lost()).toEqual({ paused: 0, held: 0, slow: 0, rate: 0 });
    await pauseAccount(lanes.redis, keys, 'moving house');
    await vi.waitFor(async () => expect((await lost()).paused).toBeGreaterThan(20), { timeout: 60_000 });
    const during = await lost();
    await resumeAccount(lanes.redis, keys);
    const after = await lost();
    expect(after.paused).toBeGreaterThanOrEqual(during.paused);
    await limiter.reserve();
    expect(await lost()).toEqual(after);
    await limiter.close();
  });

  it('also while the account is at fault', async () => {
    const keys = lanes.freshAccountKeys();
    const limiter = createLimiter({ redis: lanes.redis, keys, log });
    const slot = await limiter.reserve();
    if (slot.status !== 'reserved')
      throw new Error(`Cannot go on: a slot was expected, received ${slot.status}`);
    await limiter.report('account_fault', slot, 'UnauthorizedOperation.Arrears', 'a1');
    await vi.waitFor(
      async () =>
        expect((await readLimiterState(lanes.redis, keys)).lost).toMatchObject({
          paused: 0,
          held: expect.toSatisfy((ms: number) => ms > 20),
        }),
      { timeout: 60_000 },
    );
    await limiter.close();
  });
});
