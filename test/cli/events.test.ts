import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedEvent } from '../../client/veriqueue.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { runCli, startCli } from './run-cli.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());

const environment = () => ({ VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: chain.client.apiKey });

async function submitOne(reference: string): Promise<string> {
  const { id } = await chain.submit(makePerson(), { reference });
  await chain.receiver.eventOf(id);
  return id;
}

describe('veriqueue events', { timeout: 120_000 }, () => {
  it('lists events in the order of their numbers, and follows further ones', async () => {
    expect(await runCli(['events'], environment())).toMatchObject({ code: 0, stdout: '' });
    const ids = [await submitOne('order-1'), await submitOne('order-2')];
    const { stdout } = await runCli(['events', '--json'], environment());
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FeedEvent);
    expect(events.map(({ sequence, data }) => [sequence, data.id])).toEqual([
      [1, ids[0]],
      [2, ids[1]],
    ]);
    const shown = await runCli(['events', '--after', '1', '--limit', '1'], environment());
    expect(shown.stdout).toMatch(
      /^2 {2}\S.* {2}verification\.completed {2}ver_\w+ {2}match .* {2}reference order-2\n$/,
    );

    const following = startCli(['events', '--follow', '--after', '2'], environment());
    const third = await submitOne('order-3');
    const line = await following.nextLine<FeedEvent>();
    expect([line.sequence, line.data.id]).toEqual([3, third]);
    expect(await following.interrupt()).toBe(0);
  });

  it('refuses a number that is none, and says when none has been given it', async () => {
    expect((await runCli(['events', '--after', 'x'], environment())).code).toBe(2);
    const { code, stderr } = await runCli(['events', '--after', '1000'], environment());
    expect(code).toBe(1);
    expect(stderr).toContain('no event has been given this number yet (409 unknown_sequence)');
  });
});
