import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LaneKeys } from '../../../shared/keys.ts';
import { beginDelivery } from '../../../shared/record/begin-delivery.ts';
import { recordDelivery } from '../../../shared/record/delivery-state.ts';
import { keepEvent } from '../../../shared/record/keep-event.ts';
import { settleVerification } from '../../../shared/record/settle.ts';
import { createPersonLimit } from '../../../worker/person-limit/person-limit.ts';
import { startTestLane, type TestLane } from '../../support/lane.ts';
import { acceptRecord, makeOutcome } from '../../support/records.ts';
import { loseReplies, type ResentScript } from '../../support/resent.ts';

let lane: TestLane;
let keys: LaneKeys;
beforeAll(async () => {
  lane = await startTestLane();
});
afterAll(() => lane.stop());
beforeEach(async () => {
  await lane.redis.flushall();
  keys = lane.freshKeys();
});

/** Runs `scripts` on a connection that loses the first reply of each. */
async function resent(scripts: (redis: TestLane['redis']) => Promise<unknown>): Promise<ResentScript[]> {
  const seen: ResentScript[] = [];
  await scripts(loseReplies(lane.redis, seen));
  return seen;
}

async function settled(): Promise<string> {
  const id = await acceptRecord(lane.redis, keys, lane.keyRing);
  const outcome = makeOutcome();
  await settleVerification(lane.redis, keys, {
    id,
    status: 'completed',
    outcome,
    attempt: null,
    ledger: null,
  });
  return id;
}

const attempt = {
  at: '2026-03-02T04:00:01.000Z',
  durationMs: 12,
  status: 503,
  errorClass: null,
  answer: 'busy',
};
const NOW = Date.UTC(2026, 2, 2, 4);

const scenarios: readonly [string, (redis: TestLane['redis']) => Promise<unknown>][] = [
  ['beginDelivery', async (redis) => beginDelivery(redis, keys, await settled(), 'run-a')],
  ['keepEvent', async (redis) => keepEvent(redis, keys, await settled(), 'event')],
  [
    'recordDelivery',
    async (redis) => {
      const id = await settled();
      await beginDelivery(lane.redis, keys, id, 'run-a');
      const progress = { id, run: 'run-a', nextAttemptAt: NOW, attempt, now: NOW, keepUntil: null } as const;
      await recordDelivery(redis, keys, { ...progress, status: 'retrying' });
    },
  ],
  [
    'admitPerson',
    async (redis) => {
      const limit = { perMinute: 1, perDay: 1, now: () => NOW, random: () => 0.5 };
      const persons = createPersonLimit({ redis, keys, keyRing: lane.keyRing, ...limit });
      expect(await persons.admit('990001199001010013')).toMatchObject({ status: 'admitted' });
    },
  ],
];

describe('a script that is sent again because its reply was lost', () => {
  test.each(scenarios)('changes nothing: %s', async (_, run) => {
    const seen = await resent(run);
    expect(seen).toHaveLength(1);
    for (const { once, twice } of seen) expect(twice).toEqual(once);
  });

  test('changes nothing behind a later run either: recordDelivery', async () => {
    const id = await settled();
    const conclude = (run: string, status: 'retrying' | 'delivered') =>
      recordDelivery(lane.redis, keys, {
        id,
        run,
        status,
        nextAttemptAt: null,
        attempt,
        now: NOW,
        keepUntil: null,
      });
    await beginDelivery(lane.redis, keys, id, 'run-a');
    await conclude('run-a', 'retrying');
    await beginDelivery(lane.redis, keys, id, 'run-b');
    await conclude('run-b', 'delivered');
    const before = await lane.redis.hgetall(keys.record(id));
    expect(await conclude('run-a', 'retrying')).toBe('recorded');
    expect(await lane.redis.hgetall(keys.record(id))).toEqual(before);
    expect(await lane.redis.llen(keys.deliveryLog(id))).toBe(2);
  });
});
