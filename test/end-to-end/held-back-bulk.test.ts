import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';

const WAIT = { timeout: 120_000, interval: 20 };
/** Three seconds of the quota are claimed ahead. */
const CLAIMED = 50;
/** Asked about for longer than a bulk call in a worker's hands is held back. */
const STREAM = 400;

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ environment: { QUOTA_PER_SECOND: '20', BULK_SHARE: '0' } });
});
afterAll(() => chain?.stop());

test('a bulk verification that a worker has claimed is asked while interactive ones keep coming', async () => {
  const submitMany = (count: number) =>
    Promise.all(Array.from({ length: count }, () => chain.submit(makePerson())));
  await submitMany(CLAIMED);
  const bulk = await chain.submit(makePerson(), { priority: 'bulk' });
  await expect.poll(async () => (await chain.verification(bulk.id)).status, WAIT).toBe('verifying');
  await submitMany(STREAM);
  await chain.receiver.eventOf(bulk.id);
  // Its upload was given up and made again meanwhile: each time, its wait for a slot must go on from where it was.
  expect(await chain.queues.verifications.getPrioritizedCount()).toBeGreaterThan(0);
});
