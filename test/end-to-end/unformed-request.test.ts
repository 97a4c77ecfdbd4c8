import { afterAll, beforeAll, expect, it } from 'vitest';
import { workerEnvironment } from '../../worker/settings.ts';
import { type RunningWorker, startWorker } from '../../worker/worker.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { recordLog } from '../support/recorded-log.ts';

let chain: Chain;
let worker: RunningWorker | undefined;
beforeAll(async () => {
  chain = await startChain({ workers: 0, environment: { RETRIES: '0' } });
});
afterAll(async () => {
  await worker?.stop();
  await chain?.stop();
});

it('credentials that no request can carry hold the lane, and use up nothing', async () => {
  const submitted = await chain.submit();
  const settings = workerEnvironment.parse(chain.environment);
  worker = await startWorker({ ...settings, TENCENTCLOUD_TOKEN: 'of a file\n' }, recordLog().logger);
  await expect
    .poll(() => chain.lane(), { timeout: 60_000 })
    .toMatchObject({ status: 'held', reason: 'Veriqueue.RequestNotFormed' });
  await expect
    .poll(() => chain.verification(submitted.id), { timeout: 60_000 })
    .toMatchObject({ status: 'held', attempts: [], outcome: null });
  await worker.stop();
  await chain.addWorker();
  await expect
    .poll(() => chain.verification(submitted.id), { timeout: 60_000 })
    .toMatchObject({ outcome: { verdict: 'match' } });
}, 90_000);
