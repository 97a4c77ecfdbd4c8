import { expect, it, onTestFinished } from 'vitest';
import { startChain } from '../support/chain.ts';

it('a callback into a private network is refused before a byte is sent: the log says why, the client only that', async () => {
  const chain = await startChain({ environment: { ALLOW_INSECURE_CALLBACKS: 'false' } });
  onTestFinished(() => chain.stop());
  const { id } = await chain.submit();

  const refusal = await chain.log.line(({ event }) => event === 'callback_refused');
  expect(refusal).toMatchObject({ hostname: '127.0.0.1', reason: expect.any(String) });
  const attempts = async () => {
    const log = await chain.call(`/v1/verifications/${id}/deliveries`);
    return ((await log.json()) as { data: object[] }).data;
  };
  await expect.poll(attempts, { timeout: 60_000 }).not.toEqual([]);
  expect((await attempts())[0]).toMatchObject({ status: null, errorClass: 'refused', answer: '' });
  expect(chain.receiver.deliveries).toEqual([]);
  expect(chain.receiver.rejections).toEqual([]);
});
