import { expect, test } from 'vitest';
import { readDeliveryLog } from '../../../../shared/store/verifications/read-delivery-log.ts';
import { recordDelivery } from '../../../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { keepAnswer } from '../../../../shared/webhook/kept-answer.ts';
import { useTestLane } from '../../../support/lane.ts';
import { acceptRecord } from '../../../support/records.ts';

const lane = useTestLane();

const NOW = 1_900_000_000_000;

/** As a receiver that answers with 16 kB of `unit` every time leaves it. */
async function failDeliveries(count: number, unit: string) {
  const keys = lane.freshKeys();
  const id = await acceptRecord(lane.redis, keys, lane.keyRing, {});
  const answer = keepAnswer(Buffer.from(unit.repeat(16_384)), true);
  for (const nth of Array.from({ length: count }).keys()) {
    await recordDelivery(lane.redis, keys, {
      id,
      run: makeRunToken(),
      status: 'retrying',
      nextAttemptAt: NOW,
      attempt: {
        at: new Date(NOW + nth * 1000).toISOString(),
        durationMs: 15_000,
        status: 500,
        errorClass: null,
        answer: `${nth} "answer":"${answer}`,
      },
      now: NOW,
      keepUntil: null,
    });
  }
  const entries = await lane.redis.lrange(keys.deliveryLog(id), 0, -1);
  const bytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry), 0);
  return { log: await readDeliveryLog(lane.redis, keys, id), bytes };
}

test.each(['\0', 'x', '核', '"', '\\'])(
  'the delivery log of one verification stays below 64 kB, whatever its receiver answers: %j',
  async (unit) => {
    const { log, bytes } = await failDeliveries(120, unit);
    expect(bytes).toBeLessThan(64 * 1024);
    expect(log).toHaveLength(100);
  },
);

test('the last ten attempts keep their answers, and the others everything else', async () => {
  const { log } = await failDeliveries(13, 'x');
  const kept = log.map(({ answer }) => /^\d+/.exec(answer)?.[0] ?? answer);
  expect(kept).toEqual(['', '', '', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
  for (const { status, durationMs, errorClass } of log)
    expect({ status, durationMs, errorClass }).toEqual({ status: 500, durationMs: 15_000, errorClass: null });
});
