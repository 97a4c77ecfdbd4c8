import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
});
afterAll(() => chain?.stop());

const metric = async () => {
  const text = await (await fetch(`${chain.url}/metrics`)).text();
  return /^veriqueue_lane_info\{.*livemode="(\w+)".*\} 1$/m.exec(text)?.[1];
};

describe('livemode', { timeout: 120_000 }, () => {
  it('is unknown of a lane, and never claimed, before a worker has started', async () => {
    expect((await chain.lane()).livemode).toBeNull();
    expect((await chain.submit()).livemode).toBe(false);
    expect(await metric()).toBe('unknown');
  });

  it('is false wherever the sandbox answers: lane, metrics, verification and event', async () => {
    const worker = await chain.addWorker();
    await expect.poll(async () => (await chain.lane()).livemode).toBe(false);
    const submitted = await chain.submit();
    const event = await chain.receiver.eventOf(submitted.id);
    expect([submitted.livemode, event.data.livemode]).toEqual([false, false]);
    expect((await chain.verification(submitted.id)).livemode).toBe(false);
    expect(await metric()).toBe('false');
    expect((await runCli(['lane', 'show'], chain.environment)).stdout).toMatch(/upstream +the SANDBOX/);
    await worker.stop();
  });

  it('is true of what the real upstream answers, and of nothing that was answered before', async () => {
    const before = (await (await chain.call('/v1/verifications?limit=1')).json()) as {
      data: { id: string }[];
    };
    const [answered] = before.data;
    const waiting = await chain.submit();
    expect(waiting.livemode).toBe(false);
    expect((await runCli(['lane', 'upstream', '--reset', '--yes'], chain.environment)).code).toBe(0);
    const worker = await chain.addWorker({ LIVEMODE: 'true' });
    const event = await chain.receiver.eventOf(waiting.id);
    expect(event.data.livemode).toBe(true);
    expect((await chain.verification(waiting.id)).livemode).toBe(true);
    expect((await chain.verification(answered?.id ?? '')).livemode).toBe(false);
    expect((await chain.lane()).livemode).toBe(true);
    expect((await chain.submit()).livemode).toBe(true);
    await worker.stop();
  });
});
