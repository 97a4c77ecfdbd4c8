import { Queue } from 'bullmq';
import { expect, it } from 'vitest';
import { createClient } from '../../../../shared/store/clients/create-client.ts';
import { type RedeliveryRange, redeliverRange } from '../../../../shared/store/endpoints/redeliver-range.ts';
import { createAtomicFlow } from '../../../../shared/store/queue/atomic-flow.ts';
import { verificationOfJob } from '../../../../shared/store/queue/job-data.ts';
import { finishVerification } from '../../../../shared/store/verifications/finish.ts';
import { recordDelivery } from '../../../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { useTestLane } from '../../../support/lane.ts';
import { acceptRecord, makeFinishing, makeOutcome, storeOf } from '../../../support/records.ts';

const lane = useTestLane();

it('can be interrupted anywhere and goes on where it says, each event once and the oldest first', async () => {
  const keys = lane.freshKeys();
  const { redis, keyRing } = lane;
  const newClient = () =>
    createClient({ redis, keys, keyRing }, { name: 'test', allowedOrigins: [], now: Date.now() });
  const clients = [await newClient(), await newClient()];
  const start = Date.UTC(2026, 2, 2);
  const ids: string[] = [];
  for (let nth = 0; nth < 12; nth += 1) {
    const clientId = clients[nth % 2]?.clientId ?? '';
    const id = await acceptRecord(redis, keys, keyRing, { clientId, submittedAt: start + nth });
    ids.push(id);
    const outcome = makeOutcome();
    await finishVerification(storeOf(redis, keys), makeFinishing(id, { outcome }));
    const ended = { nextAttemptAt: null, attempt: null, now: start, keepUntil: null };
    await recordDelivery(redis, keys, { id, run: makeRunToken(), status: 'delivered', ...ended });
  }
  const flowRedis = await lane.connect();
  const deps = {
    redis,
    keys,
    flow: createAtomicFlow(flowRedis, keys.queuePrefix, () => undefined),
  };
  const range: RedeliveryRange = { events: 'resting', clientId: null, since: start, until: start + 11 };

  const interruption = new AbortController();
  const first = await redeliverRange(deps, range, {
    signal: interruption.signal,
    report: (name) => expect.fail(name),
    onProgress: ({ found }) => {
      if (found === 5) interruption.abort();
    },
  });
  expect(first).toEqual({
    counts: { found: 5, redelivered: 5, notDue: 0, unanswered: 0, missing: 0, unreadable: 0 },
    interruptedAt: start + 5,
  });
  const watch = {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    report: (name: string) => expect.fail(name),
  };
  const rest = await redeliverRange(deps, { ...range, since: first.interruptedAt ?? 0 }, watch);
  expect(rest).toMatchObject({ counts: { found: 7, redelivered: 7 }, interruptedAt: null });

  const queue = new Queue(keys.deliveryQueue, { connection: redis, prefix: keys.queuePrefix });
  const jobs = await queue.getJobs(['prioritized'], 0, -1, true);
  expect(jobs.map((job) => verificationOfJob(job.id ?? ''))).toEqual(ids);
});
