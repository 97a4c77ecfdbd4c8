import { typeidUnboxed } from 'typeid-js';
import { expect, test } from 'vitest';
import type { EnqueueDeps } from '../../../producer/submission/enqueue.ts';
import { watchFlow } from '../../../producer/submission/watched-flow.ts';
import { createWithdrawals } from '../../../producer/submission/withdrawals.ts';
import { createAtomicFlow } from '../../../shared/store/queue/atomic-flow.ts';
import { openJobQueue } from '../../../shared/store/queue/job-queue.ts';
import { redisSubjects } from '../../../shared/store/subjects/redis-subjects.ts';
import { useTestLane } from '../../support/lane.ts';
import { recordAtomicSteps } from '../../support/recorded-commands.ts';
import { recordLog } from '../../support/recorded-log.ts';
import { acceptRecord, CLIENT_ID } from '../../support/records.ts';

const lane = useTestLane();

async function openDeps() {
  const keys = lane.freshKeys();
  const redis = await lane.connect();
  const flowRedis = await lane.connect();
  const log = recordLog();
  const open = (name: string) => openJobQueue(redis, keys, name, { onError: () => undefined });
  const deps: EnqueueDeps = {
    redis,
    flowRedis,
    flow: watchFlow(
      createAtomicFlow(flowRedis, keys.queuePrefix, () => undefined),
      flowRedis,
    ),
    confirmWrites: async () => undefined,
    queues: { deliveries: open(keys.deliveryQueue), verifications: open(keys.verificationQueue) },
    subjects: redisSubjects,
    keys,
    log: log.logger,
  };
  return { deps, log, keys };
}

const isWithdrawn = ({ event }: { event?: string }) => event === 'submission_withdrawn';

test('many unanswered submissions cost Redis a look each, and a second one where nothing was found', async () => {
  const { deps, log, keys } = await openDeps();
  const stored = await Promise.all(
    Array.from({ length: 40 }, () => acceptRecord(lane.redis, keys, lane.keyRing)),
  );
  const missing = Array.from({ length: 40 }, () => typeidUnboxed('ver'));
  const withdrawals = createWithdrawals(deps);
  // From here on Redis knows the script, and each look is one command.
  withdrawals.schedule({ id: await acceptRecord(lane.redis, keys, lane.keyRing), clientId: CLIENT_ID });
  await log.line(isWithdrawn, { withinMs: 60_000 });
  const recording = await recordAtomicSteps(lane.redis);
  for (const id of [...stored, ...missing]) withdrawals.schedule({ id, clientId: CLIENT_ID });
  await log.line(isWithdrawn, { nth: 81, withinMs: 60_000 });
  const steps = await recording.stop();
  const looksAt = (id: string) => steps.filter(({ words }) => words.includes(keys.record(id))).length;
  expect(stored.map(looksAt)).toEqual(stored.map(() => 1));
  expect(missing.map(looksAt)).toEqual(missing.map(() => 2));
  expect(await lane.redis.exists(...stored.map((id) => keys.record(id)))).toBe(0);
  expect(log.lines.filter(isWithdrawn)).toHaveLength(81);
});

test('what Redis refuses to take back is taken back later', async () => {
  const { deps, log, keys } = await openDeps();
  const id = await acceptRecord(lane.redis, keys, lane.keyRing);
  await lane.redis.rename(keys.record(id), `${keys.record(id)}:kept`);
  await lane.redis.set(keys.record(id), 'of another type');
  createWithdrawals(deps).schedule({ id, clientId: CLIENT_ID });
  await log.line(({ event }) => event === 'withdrawal_failed', { withinMs: 60_000 });
  await lane.redis.rename(`${keys.record(id)}:kept`, keys.record(id));
  expect(await log.line(isWithdrawn, { withinMs: 60_000 })).toMatchObject({
    verification: id,
    result: 'withdrawn',
  });
  expect(await lane.redis.exists(keys.record(id))).toBe(0);
});
