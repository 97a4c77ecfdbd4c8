import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { runCli, runJson, startCli } from './run-cli.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());

const cli = <T>(...args: string[]) => runJson<T>(args, chain.environment);

describe('veriqueue lane and watch', { timeout: 90_000 }, () => {
  it('pauses and resumes, and shows every change to who watches', async () => {
    const watching = startCli(['watch'], {
      VERIQUEUE_URL: chain.url,
      VERIQUEUE_API_KEY: chain.client.apiKey,
    });
    const untilSeen = async (status: LaneOverview['status']) => {
      for (;;) {
        const seen = await watching.nextLine<LaneOverview & { at: string }>();
        if (seen.status === status) return seen;
      }
    };
    await untilSeen('running');
    const args = ['lane', 'pause', '--reason', 'counting the money', '--yes'];
    expect(await cli(...args)).toEqual({ lane: chain.keys.lane, status: 'paused' });
    expect(await untilSeen('paused')).toMatchObject({ reason: 'counting the money', resumesAt: null });

    const { id } = await chain.submit(makePerson());
    const { stdout } = await runCli(['lane', 'show'], chain.environment);
    expect(stdout).toMatch(/status +paused by an operator\nreason +counting the money\n/);
    expect(chain.receiver.accepted.has(id)).toBe(false);

    expect(await cli('lane', 'resume', '--yes')).toMatchObject({ status: 'resumed', from: ['paused'] });
    await untilSeen('running');
    expect((await chain.receiver.eventOf(id)).data.status).toBe('completed');
    expect(await watching.interrupt()).toBe(0);
  });

  it('changes nothing without a word of confirmation', async () => {
    const { code, stderr } = await runCli(['lane', 'pause', '--reason', 'x'], chain.environment);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: This needs a confirmation\. .*--yes\n$/);
    expect((await chain.lane()).status).toBe('running');
  });
});
