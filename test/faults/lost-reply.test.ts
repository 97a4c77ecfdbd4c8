import { describe, expect, test } from 'vitest';
import { createLimiter, type Limiter } from '../../shared/account/limiter/limiter.ts';
import type { LimiterCommand } from '../../shared/account/limiter/limiter-command.ts';
import { parseLimiterReply } from '../../shared/account/limiter/limiter-reply.ts';
import { runLimiterScript } from '../../shared/account/limiter/limiter-script.ts';
import { resolveLimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import type { ReservedSlot } from '../../shared/account/limiter/reservation.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { redisSubjects } from '../../shared/store/subjects/redis-subjects.ts';
import { claimVerification } from '../../shared/store/verifications/claim.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { useTestLane } from '../support/lane.ts';
import {
  acceptRecord,
  CLIENT_ID,
  DAY,
  makeCall,
  makeFinishing,
  mustRead,
  storeOf,
} from '../support/records.ts';
import { startReplyCutter } from '../support/reply-cutter.ts';

const lane = useTestLane();

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
    expect(
      await claimVerification(
        { ...storeOf(redis, keys), workerId: 'worker-a', subjects: redisSubjects },
        claim,
      ),
    ).toMatchObject({
      status: 'claimed',
      record: { deaths: { shared: 0, alone: 0 } },
    });
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({ 'worker-a': '1' });
    cutter.cutReplyTo(id);
    const finishing = makeFinishing(id, { call: makeCall('Success', 'billed') });
    expect(await finishVerification(storeOf(redis, keys), finishing)).toEqual({ status: 'finished' });
    expect(cutter.cuts).toBe(2);
    expect((await mustRead(lane.redis, keys, id)).attempts).toHaveLength(1);
    expect(await lane.redis.hgetall(keys.ledger(DAY))).toEqual({ [`${CLIENT_ID}|Success|billed`]: '1' });
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({});
  } finally {
    await closeRedis(redis);
    await cutter.close();
  }
});

describe('a command to the limiter whose reply is lost with its connection', () => {
  async function behindCutter() {
    const keys = lane.freshAccountKeys();
    const cutter = await startReplyCutter(lane.server.url);
    const redis = openRedis({ url: cutter.url, log: silent }, 'unbatched');
    await waitUntilReady(redis, 10_000);
    const limiter = createLimiter({ redis, keys, log: silent, options: { probeIntervalMs: 3_600_000 } });
    const read = () => lane.redis.hgetall(keys.quota());
    return {
      cutter,
      redis,
      limiter,
      key: keys.quota(),
      read,
      close: async () => {
        await limiter.close();
        await closeRedis(redis);
        await cutter.close();
      },
    };
  }

  const base = { client: 'a', reports: { seen: 0, stepped: false, sent: [], attempts: [] } };
  const reserve = (number: number): LimiterCommand => ({
    ...base,
    op: 'reserve',
    number,
    request: { waitedUs: 0, headStartUs: 0, want: 1 },
  });
  const ask = async (redis: Redis, key: string, command: LimiterCommand) =>
    parseLimiterReply(await runLimiterScript(redis, key, JSON.stringify(resolveLimiterSettings()), command));

  async function useSlot(limiter: Limiter): Promise<ReservedSlot> {
    const slot = await limiter.reserve();
    if (slot.status !== 'reserved') throw new Error(`A slot was expected, received ${slot.status}`);
    return (await slot.due()) === 'due' ? slot : useSlot(limiter);
  }

  test('counts a refusal once', async () => {
    const { cutter, limiter, read, close } = await behindCutter();
    try {
      const slot = await useSlot(limiter);
      cutter.cutReplyTo('RequestLimitExceeded');
      await limiter.report('refused', slot, 'RequestLimitExceeded', 'a1');
      expect(cutter.cuts).toBe(1);
      expect((await limiter.state()).refusedLastMinute).toBe(1);
      expect((await read())['refusals']?.split(',')).toHaveLength(1);
    } finally {
      await close();
    }
  });

  test('takes one slot, and gets it', async () => {
    const { cutter, key, redis, close } = await behindCutter();
    try {
      cutter.cutReplyTo('waitedUs');
      expect(await ask(redis, key, reserve(1))).toMatchObject({
        seq: 1,
        answer: { kind: 'reserved', seq: 1 },
      });
      expect(cutter.cuts).toBe(1);
    } finally {
      await close();
    }
  });

  test('gets the probe of a held lane that it took', async () => {
    const { cutter, key, redis, close } = await behindCutter();
    try {
      await ask(redis, key, reserve(1));
      const attempts = [[1, 'account_fault', 'Arrears', 'a1']] as const;
      await ask(redis, key, { ...base, op: 'report', number: 2, reports: { ...base.reports, attempts } });
      // Time passes: the probe is due, and the slot before is long gone.
      await lane.redis.hset(key, 'probeAtUs', '1', 'lastUs', '1', 'silentUntilUs', '1');
      cutter.cutReplyTo('waitedUs');
      const { answer } = await ask(redis, key, reserve(3));
      expect(answer).toMatchObject({ kind: 'reserved', probe: true });
      expect(cutter.cuts).toBe(1);
    } finally {
      await close();
    }
  });
});
